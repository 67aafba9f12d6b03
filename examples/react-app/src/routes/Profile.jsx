import { useParams } from "react-router";

import { Avatar } from "../parts/Avatar.jsx";
import { Hero } from "../parts/Hero.jsx";
import { Post } from "../parts/Post.jsx";
import { person } from "../people.js";
import { usePosts } from "../posts.jsx";

export default function Profile() {
  const { handle } = useParams();
  const { posts } = usePosts();
  const { name, about, since } = person(handle);
  return (
    <>
      <Hero />
      <section className="card profile">
        <Avatar handle={handle} name={name} />
        <h1>{name}</h1>
        <p className="soft">
          @{handle} · afloat since {since}
        </p>
        <p>{about}</p>
      </section>
      {posts
        .filter((post) => post.handle === handle)
        .map((post) => (
          <Post key={post.id} post={post} />
        ))}
    </>
  );
}
