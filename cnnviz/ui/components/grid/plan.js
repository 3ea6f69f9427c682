// What happens to each picture of the grid: the drawn values of a chain turned into passes for the engine.
//
// Flips and colours that follow each other share one pass; each pass has an entry for every picture.

import { MAX_STEPS } from "./shaders.js"

export class Plan {
  // `size`: { width, height } of the picture in px.
  constructor(size, count) {
    this.source = size
    this.size = size
    this.count = count
    this.passes = []
    this.open()
  }

  open() {
    this.tiles = Array.from({ length: this.count }, () => ({ flip: [0, 0], steps: { shape: "", values: [] } }))
  }

  // Before an operation: a pass of its own where the open one has no room for up to four more steps.
  makeRoom() {
    if (this.tiles.some(({ steps }) => steps.shape.length + 4 > MAX_STEPS)) this.settle()
  }

  // Mirror one picture: "x" left and right, "y" top and bottom. It commutes with the colours of the same pass.
  flip(tile, axis) {
    this.tiles[tile].flip[axis === "x" ? 0 : 1] ^= 1
  }

  // A colour step of one picture: its letter (see shaders.js) and up to four parameters.
  step(tile, letter, values) {
    const { steps } = this.tiles[tile]
    steps.shape += letter
    steps.values.push(...values, 0, 0, 0, 0)
    steps.values.length = 4 * steps.shape.length
  }

  // x ← keep·x + constant + mean·(the picture's mean grey)
  stretch(tile, { keep, constant = 0, mean = 0 }) {
    this.step(tile, "A", [keep, constant, 0, mean])
  }

  // x ← keep·x + (1 - keep)·(the pixel's grey)
  fade(tile, keep) {
    this.step(tile, "B", [keep, 0, 1 - keep])
  }

  // Turn the colours by a share of the wheel.
  hue(tile, turn) {
    this.step(tile, "H", [turn])
  }

  // The channels in another order.
  permute(tile, order) {
    this.step(tile, "P", order)
  }

  // Invert what is at least as bright as a threshold.
  solarize(tile, threshold) {
    this.step(tile, "S", [threshold])
  }

  // Keep the highest bits of each level.
  posterize(tile, bits) {
    this.step(tile, "Q", [2 ** (8 - bits)])
  }

  // A part of each picture, [left, top, width, height] in px, resized to one size.
  resample(boxes, size) {
    const flips = this.settle()
    this.add("resample", size, boxes.map((box, tile) => ({ box, flip: flips[tile] })))
  }

  // Each pixel from where a map says, grey outside; `maps` are 3 × 3, column after column.
  warp(maps, size, grey) {
    const flips = this.settle()
    this.add("warp", size, maps.map((map, tile) => ({ map, flip: flips[tile] })), { grey })
  }

  // A grey rectangle over each picture: [left, top, width, height] in px.
  hide(boxes, grey) {
    const flips = this.settle()
    this.add("hide", this.size, boxes.map((box, tile) => ({ box, flip: flips[tile] })), { grey })
  }

  // Close the open pass. Flips alone need none: the pass that follows reads mirrored.
  settle() {
    const { tiles } = this
    this.open()
    if (tiles.every(tile => !tile.steps.shape)) return tiles.map(tile => tile.flip)
    this.add("colour", this.size, tiles)
    return tiles.map(() => [0, 0])
  }

  add(type, size, tiles, more = {}) {
    this.passes.push({ type, from: this.size, size, tiles, ...more })
    this.size = size
  }

  finish() {
    const flips = this.settle()
    if (!this.passes.length || flips.some(([x, y]) => x || y)) this.add("copy", this.size, flips.map(flip => ({ flip })))
    return this
  }
}
