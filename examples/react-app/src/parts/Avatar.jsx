export function Avatar({ handle, name }) {
  const hue = [...handle].reduce((sum, letter) => sum + letter.codePointAt(0) * 37, 0) % 360;
  return (
    <span className="avatar" style={{ "--hue": hue }} aria-hidden="true">
      {name[0].toUpperCase()}
    </span>
  );
}
