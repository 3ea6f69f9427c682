// The page as a sheet: printed as it stands, or enlarged for a projector. The style sheet does most of it.

// The address goes above the page. Plotly draws in the window's px: with a viewBox its drawing shrinks to the width of the paper.
function prepare() {
  document.querySelector(".stMain")?.setAttribute("data-address", location.href)
  for (const svg of document.querySelectorAll(".js-plotly-plot svg.main-svg")) {
    const [width, height] = [svg.getAttribute("width"), svg.getAttribute("height")]
    if (width && height) svg.setAttribute("viewBox", `0 0 ${width} ${height}`)
  }
}

// Plotly reads the window's px again afterwards.
function release() {
  for (const svg of document.querySelectorAll(".js-plotly-plot svg.main-svg")) svg.removeAttribute("viewBox")
}

export default component => {
  const root = component.parentElement.querySelector(".sheet")
  const { data } = component
  if (!root || !data) return
  const [print, projector] = root.querySelectorAll("button")
  const { classList } = document.documentElement
  classList.toggle("sheet-dark", data.dark)
  if (classList.contains("projector") !== data.projector) {
    classList.toggle("projector", data.projector)
    window.dispatchEvent(new Event("resize")) // plots measure the room that is left
  }
  for (const [button, name] of [[print, "print"], [projector, "enlarge"]]) {
    button.title = data.labels[name]
    button.setAttribute("aria-label", data.labels[name])
  }
  projector.setAttribute("aria-pressed", data.projector)
  print.onclick = () => window.print()
  projector.onclick = () => component.setStateValue("projector", !data.projector)
  window.addEventListener("beforeprint", prepare)
  window.addEventListener("afterprint", release)
  return () => {
    window.removeEventListener("beforeprint", prepare)
    window.removeEventListener("afterprint", release)
  }
}
