const PEOPLE = {
  andrew: { name: "Andrew Brown", about: "Teaches the cloud by breaking it first.", since: "February 2023" },
  bayko: { name: "Andrew Bayko", about: "Keeps the queue short and the tea hot.", since: "March 2023" },
  maria: { name: "Maria Silva", about: "Sails on Sundays, ships on Mondays.", since: "May 2023" },
  you: { name: "You", about: "Just came aboard.", since: "today" },
};

/** Who has a handle; nobody is a person, too. */
export function person(handle) {
  const known = Object.hasOwn(PEOPLE, handle) ? PEOPLE[handle] : null;
  return known ?? { name: handle, about: "Nobody here has met them yet.", since: "the last tide" };
}
