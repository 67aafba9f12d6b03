// Loaded on demand, the first time somebody opens a profile.
const people = {
  andrew: { name: "Andrew Brown", about: "Teaches the cloud by breaking it first.", since: "February 2023" },
  bayko: { name: "Andrew Bayko", about: "Keeps the queue short and the tea hot.", since: "March 2023" },
  maria: { name: "Maria Silva", about: "Sails on Sundays, ships on Mondays.", since: "May 2023" },
};

export function Profile({ h, avatar, post }, handle, posts) {
  const person = people[handle] ?? { name: handle, about: "Nobody here has met them yet.", since: "the last tide" };
  return [
    h("div", { class: "hero" }),
    h(
      "section",
      { class: "card profile" },
      avatar(handle, person.name),
      h("h1", {}, person.name),
      h("p", { class: "soft" }, `@${handle} · afloat since ${person.since}`),
      h("p", {}, person.about),
    ),
    ...posts.filter((p) => p.handle === handle).map(post),
  ];
}
