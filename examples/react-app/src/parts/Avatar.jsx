export function Avatar({ handle, name }) {
  const hue = [...handle].reduce((hue, letter) => (hue * 37 + letter.codePointAt(0)) % 360, 0);
  return (
    <span className="avatar" style={{ "--hue": hue }} aria-hidden="true">
      {name[0].toUpperCase()}
    </span>
  );
}
