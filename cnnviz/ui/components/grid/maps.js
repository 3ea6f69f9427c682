// Rotation, affine map and perspective: from the drawn values to a matrix that says where each pixel comes from, with
// torchvision's conventions (cnnviz/augmentation/behaviours/grids.py). Matrices are 3 × 3, column after column.

import { roundEven } from "./rounding.js"

const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1]
const radians = degrees => (degrees * Math.PI) / 180
const between = (unit, [low, high]) => unit * (high - low) + low

// The inverse of: shear, scale, rotate about the middle of the picture, then shift.
function inverseAffine({ width, height }, { angle, scale, shear_x: shearX, shear_y: shearY, translate_x: x, translate_y: y }) {
  const [turn, sideways, upwards] = [angle, shearX, shearY].map(radians)
  const a = Math.cos(turn - upwards) / Math.cos(upwards)
  const b = -(a * Math.tan(sideways) + Math.sin(turn))
  const c = Math.sin(turn - upwards) / Math.cos(upwards)
  const d = Math.cos(turn) - c * Math.tan(sideways)
  const [xx, xy, yx, yy] = [d, -b, -c, a].map(value => value / scale)
  const [middleX, middleY] = [width / 2, height / 2]
  const shift = (across, down, middle) => middle - across * (x + middleX) - down * (y + middleY)
  return [xx, yx, 0, xy, yy, 0, shift(xx, xy, middleX), shift(yx, yy, middleY), 1]
}

export const rotation = {
  draw: ({ degrees }, units) => ({ angle: between(units[0], degrees) }),
  exact: ({ angle }) => ({ angle }),
  applyAll(plan, all, { fill }) {
    const still = { scale: 1, shear_x: 0, shear_y: 0, translate_x: 0, translate_y: 0 }
    plan.warp(all.map(({ angle }) => inverseAffine(plan.size, { ...still, angle: -angle })), plan.size, fill)
  },
}

export const affine = {
  draw(settings, units, { width, height }) {
    const most = { x: settings.translate_x * width, y: settings.translate_y * height }
    return {
      angle: between(units[0], settings.degrees),
      translate_x: roundEven(between(units[1], [-most.x, most.x])),
      translate_y: roundEven(between(units[2], [-most.y, most.y])),
      scale: between(units[3], settings.scale),
      shear_x: between(units[4], settings.shear_x),
      shear_y: between(units[5], settings.shear_y),
    }
  },
  exact: ({ angle, scale, shear_x, shear_y, x, y }, { width, height }) => ({
    angle, scale, shear_x, shear_y, translate_x: roundEven(x * width), translate_y: roundEven(y * height),
  }),
  applyAll(plan, all, { fill }) {
    plan.warp(all.map(values => inverseAffine(plan.size, values)), plan.size, fill)
  },
}

const CORNERS = ["top_left", "top_right", "bottom_right", "bottom_left"]
const corners = ({ width, height }) => [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
const inwards = side => (side > 0 ? -1 : 1)

export const perspective = {
  draw({ distortion, p }, units, size) {
    const most = [size.width, size.height].map(side => Math.trunc(distortion * Math.floor(side / 2)) + 1)
    const applied = units[0] < p
    const move = (side, number, way) => side + inwards(side) * Math.floor(units[1 + 2 * number + way] * most[way]) * applied
    return { applied, corners: corners(size).map((at, number) => at.map((side, way) => move(side, number, way))) }
  },
  exact(values, size) {
    const half = [Math.floor(size.width / 2), Math.floor(size.height / 2)]
    const move = (side, number, way) => side + inwards(side) * Math.trunc(values[`${CORNERS[number]}_${"xy"[way]}`] * half[way])
    const ends = corners(size).map((at, number) => at.map((side, way) => move(side, number, way)))
    return { applied: JSON.stringify(ends) !== JSON.stringify(corners(size)), corners: ends }
  },
  applyAll(plan, all, { fill }) {
    const starts = corners(plan.size)
    plan.warp(all.map(({ applied, corners: ends }) => (applied ? projective(starts, ends) : IDENTITY)), plan.size, fill)
  },
}

// The map that leads from four places back to where they came from.
function projective(starts, ends) {
  const rows = ends.flatMap(([x, y], number) => {
    const [toX, toY] = starts[number]
    return [[x, y, 1, 0, 0, 0, -toX * x, -toX * y, toX], [0, 0, 0, x, y, 1, -toY * x, -toY * y, toY]]
  })
  const [a, b, c, d, e, f, g, h] = solve(rows)
  return [a, d, g, b, e, h, c, f, 1]
}

// Gaussian elimination with the largest pivot; each row ends with its right side.
function solve(rows) {
  const count = rows.length
  for (let step = 0; step < count; step++) {
    let best = step
    for (let row = step + 1; row < count; row++) if (Math.abs(rows[row][step]) > Math.abs(rows[best][step])) best = row
    ;[rows[step], rows[best]] = [rows[best], rows[step]]
    for (let row = 0; row < count; row++) {
      if (row === step) continue
      const share = rows[row][step] / rows[step][step]
      for (let column = step; column <= count; column++) rows[row][column] -= share * rows[step][column]
    }
  }
  return rows.map((row, step) => row[count] / row[step])
}
