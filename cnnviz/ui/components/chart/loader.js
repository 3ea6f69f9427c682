// All that travels with a message; keep it short. Pages may lie below a base path, so the address comes from Streamlit's.
const own = [...document.scripts].find(script => script.src.includes("/static/js/"))
const at = name => new URL("__PREFIX__" + name, own ? own.src.split("static/js/")[0] : document.baseURI).href
const main = import(at("__MAIN__")).catch(console.warn)
export default async component => {
  component.parentElement.firstChild.style.minHeight = component.data.plan.height + "px"
  const code = await main
  if (code) return code.default(component)
  component.parentElement.firstChild.textContent = "⚠ " + at("__MAIN__")
}
