import { Link, NavLink } from "react-router";

export function Layout({ children }) {
  return (
    <>
      <header className="bar">
        <div className="wrap">
          <Link className="brand" to="/">
            <img src="/favicon.svg" alt="" width="32" height="32" />
            Cruddur
          </Link>
          <nav aria-label="Main">
            <NavLink to="/" end>Home</NavLink>
            <NavLink to="/profile/andrew">Profile</NavLink>
          </nav>
        </div>
      </header>
      <div className="wrap columns">
        <main>{children}</main>
        <aside>
          <section className="card">
            <h2>Who floats by</h2>
            <ul>
              {["andrew", "bayko", "maria"].map((handle) => (
                <li key={handle}>
                  <Link to={`/profile/${handle}`}>@{handle}</Link>
                </li>
              ))}
            </ul>
          </section>
          <section className="card">
            <h2>About this app</h2>
            <p>
              React, built by Vite into a folder of files. A profile's address is no file, and its code is fetched when it is
              first opened.
            </p>
          </section>
        </aside>
      </div>
    </>
  );
}
