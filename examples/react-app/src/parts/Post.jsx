import { Link } from "react-router";

import { person } from "../people.js";
import { usePosts } from "../posts.jsx";
import { Avatar } from "./Avatar.jsx";

export function Post({ post }) {
  const { dispatch } = usePosts();
  const { name } = person(post.handle);
  return (
    <article className="card post">
      <Avatar handle={post.handle} name={name} />
      <p className="who">
        <Link to={`/profile/${post.handle}`}>{name}</Link>
        <span className="soft">
          @{post.handle} · {post.age} · gone in {post.left}
        </span>
      </p>
      <p>{post.text}</p>
      <button
        type="button"
        className="like"
        aria-label={`Like, ${post.likes} so far`}
        aria-pressed={Boolean(post.liked)}
        onClick={() => dispatch({ type: "like", id: post.id })}
      >
        {post.liked ? "♥" : "♡"} {post.likes}
      </button>
    </article>
  );
}
