// One selection for the components of a group: a click in one is seen in the others at once, without the server.
// This text stands before the script of each component, so none of them needs the other.

const SELECTED = "cnnviz:selected"

const instances = new WeakMap()

// Streamlit calls a component's export again at every change of data or theme: each call only brings the one instance
// of an element up to date.
function upToDate(component, selector, Kind) {
  const root = component.parentElement.querySelector(selector)
  if (!root || !component.data) return
  let instance = instances.get(root)
  if (!instance) {
    instance = new Kind(root)
    instances.set(root, instance)
  }
  instance.update(component.data, component.setStateValue)
  // Streamlit also runs the clean-up of a call that a newer one has overtaken: only a removed element is torn down.
  return () => setTimeout(() => root.isConnected || instance.destroy())
}

// `listen(path)` is called when another component of the group selects; returns a function that ends it.
function joinSelection(group, member, listen) {
  if (!group) return () => {}
  const hear = event => {
    if (event.detail.group === group && event.detail.member !== member) listen(event.detail.path)
  }
  document.addEventListener(SELECTED, hear)
  return () => document.removeEventListener(SELECTED, hear)
}

function tellSelection(group, member, path) {
  if (group) document.dispatchEvent(new CustomEvent(SELECTED, { detail: { group, member, path } }))
}
