import harbour from "../harbour.svg";

export function Hero({ children }) {
  return (
    <div className="hero">
      <img src={harbour} alt="" />
      {children}
    </div>
  );
}
