// Cards that are moved by dragging their heads with a mouse. Fingers scroll, and keyboards have the buttons: both use those.

// `list` holds the cards, `head` is what a card is taken by. `onOrder(card)`: the card has changed places, also while it
// is still held; `onEnd(card)`: it has been let go.
export function dragToMove(list, head, { onOrder, onEnd }) {
  let held = null

  list.addEventListener("pointerdown", event => {
    const grip = event.pointerType === "mouse" && !event.target.closest("button, input") && event.target.closest(head)
    for (const card of list.children) card.draggable = Boolean(grip) && card.contains(grip)
  })
  list.addEventListener("dragstart", event => {
    held = event.target.closest("li")
    event.dataTransfer.effectAllowed = "move"
    event.dataTransfer.setData("text/plain", "") // Firefox drags nothing that has no data
    held.classList.add("held")
  })
  list.addEventListener("dragover", event => {
    if (!held) return
    event.preventDefault()
    const over = event.target.closest("li")
    if (!over || over === held) return
    const { top, height } = over.getBoundingClientRect()
    const below = held.compareDocumentPosition(over) & Node.DOCUMENT_POSITION_FOLLOWING
    // Only past its middle, since cards of different heights would otherwise change places for ever.
    const past = below ? event.clientY > top + height / 2 : event.clientY < top + height / 2
    if (!past) return
    over[below ? "after" : "before"](held)
    onOrder(held)
  })
  list.addEventListener("drop", event => event.preventDefault())
  list.addEventListener("dragend", () => {
    if (!held) return
    const card = held
    held = null
    card.classList.remove("held")
    card.draggable = false
    onEnd(card)
  })
}
