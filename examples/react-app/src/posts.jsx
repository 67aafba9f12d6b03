import { createContext, useContext, useReducer } from "react";

const AT_FIRST = [
  { id: 1, handle: "maria", age: "40 min", left: "6 days", likes: 9,
    text: "The ferry is late and so is the build. One of them has a café on board." },
  { id: 2, handle: "andrew", age: "3 h", left: "5 days", likes: 24,
    text: "Same app, no server: scripts, styles, one picture, and a page that is asked for again every time." },
  { id: 3, handle: "bayko", age: "8 h", left: "4 days", likes: 15,
    text: "Opened a tab on Monday, clicked in it on Thursday, and the old chunk was still there. This is how it should be." },
  { id: 4, handle: "maria", age: "2 days", left: "1 day", likes: 33,
    text: "Painted the hull. The colour is called “Friday afternoon”." },
];

function reduce(posts, action) {
  switch (action.type) {
    case "post":
      return [{ id: posts.length + 1, handle: "you", age: "now", left: "7 days", likes: 0, text: action.text }, ...posts];
    case "like":
      return posts.map((post) => (post.id === action.id ? liked(post) : post));
    default:
      throw new Error(`unknown action: ${action.type}`);
  }
}

function liked(post) {
  return { ...post, liked: !post.liked, likes: post.likes + (post.liked ? -1 : 1) };
}

const Posts = createContext(null);

/** Keeps the posts for every page below it, until the tab is closed. */
export function PostsProvider({ children }) {
  const [posts, dispatch] = useReducer(reduce, AT_FIRST);
  return <Posts value={{ posts, dispatch }}>{children}</Posts>;
}

/** The posts, newest first, and how to change them. */
export function usePosts() {
  return useContext(Posts);
}
