// A micro-blog in one page: the path says what to show, and the bucket holds no file for it.
const posts = [
  { handle: "andrew", name: "Andrew Brown", age: "2 h", left: "5 days", likes: 12,
    text: "Moved the front end out of its container today. It is files again, and files are wonderful." },
  { handle: "maria", name: "Maria Silva", age: "5 h", left: "4 days", likes: 31,
    text: "Fog in the harbour until ten. Nothing to deploy, nothing to see, best morning of the week." },
  { handle: "bayko", name: "Andrew Bayko", age: "9 h", left: "3 days", likes: 7,
    text: "Reminder that index.html must never be cached for a year. Ask me how I know." },
  { handle: "maria", name: "Maria Silva", age: "1 day", left: "2 days", likes: 18,
    text: "Three boats, one mooring, and everybody is very polite about it." },
];

/** Makes an element; text is always text, never markup. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function avatar(handle, name) {
  const hue = [...handle].reduce((hue, letter) => (hue * 37 + letter.codePointAt(0)) % 360, 0);
  return h("span", { class: "avatar", style: `--hue:${hue}`, "aria-hidden": "true" }, name[0].toUpperCase());
}

function post(p) {
  const label = () => `${p.liked ? "♥" : "♡"} ${p.likes + (p.liked ? 1 : 0)}`;
  const like = h("button", { class: "like", "aria-label": "Like", "aria-pressed": Boolean(p.liked), click() {
    p.liked = !p.liked;
    like.textContent = label();
    like.setAttribute("aria-pressed", p.liked);
  } }, label());
  return h(
    "article",
    { class: "card post" },
    avatar(p.handle, p.name),
    h(
      "p",
      { class: "who" },
      h("a", { href: `/profile/${p.handle}` }, p.name),
      h("span", { class: "soft" }, `@${p.handle} · ${p.age} · gone in ${p.left}`),
    ),
    h("p", {}, p.text),
    like,
  );
}

function Home() {
  const input = h("input", { placeholder: "What floats by?", "aria-label": "New post", maxlength: 240, required: "" });
  const form = h("form", { class: "card", submit(event) {
    event.preventDefault();
    posts.unshift({ handle: "you", name: "You", age: "now", left: "7 days", likes: 0, text: input.value });
    show();
  } }, input, h("button", { class: "button" }, "Post"));
  return [h("div", { class: "hero" }, h("h1", {}, "Small posts that wash away")), form, ...posts.map(post)];
}

async function page(path) {
  const profile = path.match(/^\/profile\/([\w-]+)\/?$/);
  if (profile) {
    const { Profile } = await import("./Profile-muoWj4_d.js");
    return Profile({ h, avatar, post }, profile[1], posts);
  }
  if (path === "/" || path === "/index.html") return Home();
  return [h("section", { class: "card" }, h("h1", {}, "Washed away"), h("p", {}, `There is nothing at ${path}.`))];
}

async function show() {
  const path = location.pathname;
  const content = await page(path);
  // The reader may have moved on while a chunk was loading.
  if (path !== location.pathname) return;
  document.getElementById("root").replaceChildren(...content);
  for (const link of document.querySelectorAll("nav a")) {
    if (link.pathname === path) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

addEventListener("popstate", show);
addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || link.origin !== location.origin) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  scrollTo(0, 0);
  show();
});
show();
