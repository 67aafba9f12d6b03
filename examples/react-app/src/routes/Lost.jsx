import { Link, useLocation } from "react-router";

export function Lost() {
  const { pathname } = useLocation();
  return (
    <section className="card">
      <h1>Washed away</h1>
      <p>
        There is nothing at {pathname}. <Link to="/">Back to the shore</Link>
      </p>
    </section>
  );
}
