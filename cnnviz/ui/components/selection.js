// One selection for the components of a group: a click in one is seen in the others at once, without the server.
// This text stands before the script of each component, so none of them needs the other.

const SELECTED = "cnnviz:selected"

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
