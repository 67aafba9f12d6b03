import { useState } from "react";

import { Hero } from "../parts/Hero.jsx";
import { Post } from "../parts/Post.jsx";
import { usePosts } from "../posts.jsx";

export function Feed() {
  const { posts, dispatch } = usePosts();
  return (
    <>
      <Hero>
        <h1>Small posts that wash away</h1>
      </Hero>
      <Composer onPost={(text) => dispatch({ type: "post", text })} />
      {posts.map((post) => (
        <Post key={post.id} post={post} />
      ))}
    </>
  );
}

function Composer({ onPost }) {
  const [text, setText] = useState("");
  const submit = (event) => {
    event.preventDefault();
    onPost(text.trim());
    setText("");
  };
  return (
    <form className="card" onSubmit={submit}>
      <input
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder="What floats by?"
        aria-label="New post"
        maxLength={240}
      />
      <button className="button" disabled={!text.trim()}>
        Post
      </button>
    </form>
  );
}
