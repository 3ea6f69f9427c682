// Draws all pictures of the grid with WebGL2, pass after pass; what did not change since the last frame is kept.
//
// A plan (see plan.js) says what happens to each picture. The last pass draws into the visible canvas, the others into
// textures, and only the part of a picture that a later crop will look at.

import { ACROSS, BLOCK, both, colour, COPY, DOWN, HIDE, MAX_STEPS, MAX_TILES, MEAN, pairsOf, parts, vertex, WARP } from "./shaders.js"

const NOTHING = [0, 0, 0, 0] // a rectangle without pixels
const COLUMNS = 4 // of the textures; 4 × 512 px fit into every graphics card
const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i
const SOURCES = {
  across: () => ACROSS, both, colour, copy: () => COPY, down: () => DOWN, hide: () => HIDE, mean: () => MEAN, parts, warp: () => WARP,
}

export class Engine {
  // Throws where the browser has no WebGL2.
  constructor(canvas) {
    this.canvas = canvas
    const gl = canvas.getContext("webgl2", {
      alpha: false, antialias: false, depth: false, stencil: false, preserveDrawingBuffer: true, powerPreference: "low-power",
    })
    if (!gl) throw new Error("no WebGL2")
    this.gl = gl
    this.restore()
  }

  // Everything that the graphics card keeps; again after it was lost.
  restore() {
    const { gl } = this
    gl.disable(gl.DITHER)
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1)
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE)
    gl.bindVertexArray(gl.createVertexArray())
    this.between = gl.createSampler() // reads between pixels; a texture by itself gives single pixels
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.samplerParameteri(this.between, side, gl.LINEAR)
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.samplerParameteri(this.between, side, gl.CLAMP_TO_EDGE)
    this.programs = new Map()
    this.textures = new Map()
    this.drawn = new Map() // pass → what it drew last
    this.source = null
    const info = gl.getExtension("WEBGL_debug_renderer_info")
    this.software = Boolean(info && SOFTWARE.test(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)))
    this.shown = null
    this.frames ??= 0
  }

  // The picture that all draws are of.
  setSource(bitmap) {
    this.source = this.upload("source", bitmap)
    this.drawn.clear()
  }

  // Exact pictures from the server, all on one sheet, to be shown by `show`.
  setSheet(bitmap) {
    this.sheet = this.upload("sheet", bitmap)
  }

  upload(name, bitmap) {
    const texture = this.texture(name, bitmap.width, bitmap.height)
    this.gl.texSubImage2D(this.gl.TEXTURE_2D, 0, 0, 0, this.gl.RGBA, this.gl.UNSIGNED_BYTE, bitmap)
    return texture
  }

  // Drawing ---------------------------------------------------------------------------------------------------------

  // One frame. `frame` says where the cells are in the canvas: { width, height, cells: [[x, y], …], background }.
  // Only the pictures that `chosen` names are drawn, all of them if it is left out; without a frame nothing is shown.
  draw(plan, frame, chosen = () => true) {
    const rects = regions(plan).map(of => of.map((rect, tile) => (chosen(tile) ? rect : NOTHING)))
    let from = { texture: this.source, width: plan.source.width, height: plan.source.height, columns: 0, fresh: false }
    plan.passes.forEach((pass, index) => {
      const to = index === plan.passes.length - 1 && frame ? this.screen(frame) : null
      from = this[pass.type](pass, `${index}`, from, rects[index], to)
    })
    this.frames++
  }

  // The server's pictures, each in its place.
  show(sheet, frame) {
    const from = { texture: this.sheet, width: sheet.pitchWidth, height: sheet.pitchHeight, columns: sheet.columns }
    const rects = frame.cells.map(() => [0, 0, sheet.width, sheet.height])
    this.run("copy", { from, to: this.screen(frame), rects, flips: frame.cells.map(() => [0, 0]) })
    this.frames++
  }

  copy(pass, name, from, rects, to) {
    return this.pass("copy", pass, name, from, rects, to, {})
  }

  warp(pass, name, from, rects, to) {
    const maps = new Float32Array(pass.tiles.flatMap(tile => tile.map))
    const size = [from.width, from.height, pass.grey]
    return this.pass("warp", pass, name, from, rects, to, { u_map: maps, u_size: size })
  }

  hide(pass, name, from, rects, to) {
    const boxes = new Float32Array(pass.tiles.flatMap(tile => tile.box))
    return this.pass("hide", pass, name, from, rects, to, { u_box: boxes, u_size: [pass.grey, 0, 0] })
  }

  colour(pass, name, from, rects, to) {
    const steps = this.steps(pass, name)
    const means = this.means(pass, name, from, steps, rects)
    const shapes = pass.tiles.map(tile => tile.steps.shape)
    return this.pass("colour", pass, name, from, rects, to, { u_steps: steps, u_means: means }, shapes)
  }

  resample(pass, name, from, rects, to) {
    const { width, height } = pass.size
    const boxes = pass.tiles.map(tile => tile.box)
    const uniforms = { u_box: new Float32Array(boxes.flat()), u_size: [width, height] }
    const pairs = boxes.map(box => pairsOf(box, pass.size))
    if (pairs.every(Boolean)) return this.pass("both", pass, name, from, rects, to, uniforms, pairs)
    const rows = boxes.map(([, top, , rowCount]) => [0, top, width, top + rowCount])
    const half = { tiles: pass.tiles, size: { width, height: from.height } }
    const middle = this.pass("across", half, `${name} across`, from, rows, null, uniforms)
    const rest = { tiles: pass.tiles.map(tile => ({ box: tile.box, flip: [0, 0] })), size: pass.size }
    return this.pass("down", rest, name, middle, rects, to, uniforms)
  }

  // One program over all pictures, unless the same has been drawn already.
  pass(program, pass, name, from, rects, to, uniforms, shapes = null) {
    const key = `${program} ${pass.size.width}×${pass.size.height} ${pass.grey} ${JSON.stringify(pass.tiles)}`
    let whole = rects
    if (!to) {
      const last = this.drawn.get(name)
      const same = !from.fresh && last?.key === key
      if (same && rects.every((rect, index) => contains(last.rects[index], rect))) return { ...last.result, fresh: false }
      // The second time that only the region moves: draw all of it, for the frames to come.
      if (same) whole = rects.map(rect => (rect === NOTHING ? rect : [0, 0, pass.size.width, pass.size.height]))
      to = this.target(name, pass)
      this.drawn.set(name, { key, rects: whole, result: to.result })
    }
    this.run(program, { from, to, rects: whole, flips: pass.tiles.map(tile => tile.flip), uniforms, shapes })
    return { ...to.result, fresh: true }
  }

  // Draw pictures with a program; for those of different shapes (see shaders.js) there are different programs.
  run(name, { from, to, rects, flips, uniforms = {}, shapes = null }) {
    const { gl } = this
    gl.bindFramebuffer(gl.FRAMEBUFFER, to.framebuffer)
    gl.viewport(0, 0, to.width, to.height)
    gl.bindSampler(0, name === "both" ? this.between : null)
    for (const shape of new Set(shapes ?? [""])) {
      const program = this.program(name, shape)
      const shown = shapes ? rects.map((rect, tile) => (shapes[tile] === shape ? rect : NOTHING)) : rects
      gl.useProgram(program.handle)
      gl.uniform4fv(program.at("u_rect"), new Float32Array(shown.flat()))
      gl.uniform2fv(program.at("u_cell"), new Float32Array(to.cells.flat()))
      gl.uniform3f(program.at("u_target"), to.width, to.height, to.framebuffer ? 1 : -1)
      gl.uniform2fv(program.at("u_flip"), new Float32Array(flips.flat()))
      gl.uniform4i(program.at("u_layout"), from.width, from.height, from.columns, 0)
      this.bind(program, "u_from", from.texture, 0)
      let unit = 1
      for (const [uniform, value] of Object.entries(uniforms)) {
        const where = program.at(uniform)
        if (value instanceof WebGLTexture) this.bind(program, uniform, value, unit++)
        else if (uniform === "u_map") gl.uniformMatrix3fv(where, false, value)
        else if (value instanceof Float32Array) gl.uniform4fv(where, value)
        else if (value.length === 3) gl.uniform3i(where, ...value)
        else gl.uniform2f(where, ...value)
      }
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, rects.length)
    }
  }

  bind(program, uniform, texture, unit) {
    const { gl } = this
    gl.activeTexture(gl.TEXTURE0 + unit)
    gl.bindTexture(gl.TEXTURE_2D, texture)
    gl.uniform1i(program.at(uniform), unit)
  }

  // Colour ----------------------------------------------------------------------------------------------------------

  // The steps of all pictures as a texture of numbers: a colour for each step.
  steps(pass, name) {
    const { gl } = this
    const texture = this.texture(`${name} steps`, MAX_STEPS, MAX_TILES, true)
    const data = new Float32Array(4 * MAX_STEPS * pass.tiles.length)
    pass.tiles.forEach((tile, row) => data.set(tile.steps.values, 4 * MAX_STEPS * row))
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, MAX_STEPS, pass.tiles.length, gl.RGBA, gl.FLOAT, data)
    return texture
  }

  // The mean grey before each contrast: the first of every picture, then the second, which depends on the first, …
  means(pass, name, from, steps, wanted) {
    const means = this.texture(`${name} means`, MAX_TILES, MAX_STEPS)
    const places = pass.tiles.map(tile => contrasts(tile.steps.values))
    const flips = pass.tiles.map(() => [0, 0])
    const uniforms = { u_size: [from.width, from.height, this.stride(from)] }
    for (let level = 0; level < Math.max(...places.map(of => of.length)); level++) {
      const before = places.map(of => of[level] ?? 0)
      const keys = before.map((count, tile) => JSON.stringify([count, pass.tiles[tile].steps.values.slice(0, 4 * count)]))
      const known = this.drawn.get(`${name} mean ${level}`)?.keys ?? []
      const due = places.map((of, tile) => level in of && wanted[tile] !== NOTHING && (from.fresh || known[tile] !== keys[tile]))
      if (!due.some(Boolean)) continue
      this.drawn.set(`${name} mean ${level}`, { keys: keys.map((key, tile) => (due[tile] ? key : known[tile])) })

      const shapes = before.map((count, tile) => pass.tiles[tile].steps.shape.slice(0, count))
      const to = this.target("parts", { tiles: pass.tiles, size: { width: BLOCK, height: BLOCK } })
      const more = { ...uniforms, u_steps: steps, u_means: means } // those of earlier contrasts
      this.run("parts", { from, to, rects: due.map(is => (is ? [0, 0, BLOCK, BLOCK] : NOTHING)), flips, uniforms: more, shapes })

      const cells = before.map((step, tile) => [tile, step])
      const row = { framebuffer: this.framebuffer(means), width: MAX_TILES, height: MAX_STEPS, cells }
      this.run("mean", { from: to.result, to: row, rects: due.map(is => (is ? [0, 0, 1, 1] : NOTHING)), flips, uniforms })
    }
    return means
  }

  // Every pixel counts for a mean. Without a graphics card every fourth row and column of a photograph has to do: the
  // result differs by less than a level.
  stride({ width, height }) {
    return this.software ? Math.max(1, Math.floor(Math.min(width, height) / 75)) : 1
  }

  // What the card keeps ---------------------------------------------------------------------------------------------

  screen({ width, height, cells, background = [0, 0, 0] }) {
    const { gl, canvas } = this
    const key = [width, height, ...cells.flat(), ...background].join()
    if (key !== this.shown) {
      this.shown = key
      Object.assign(canvas, { width, height })
      gl.bindFramebuffer(gl.FRAMEBUFFER, null)
      gl.clearColor(...background.map(level => level / 255), 1)
      gl.clear(gl.COLOR_BUFFER_BIT)
    }
    return { framebuffer: null, width, height, cells }
  }

  target(name, { tiles, size }) {
    const columns = Math.min(COLUMNS, tiles.length)
    const width = columns * size.width
    const height = Math.ceil(tiles.length / columns) * size.height
    const texture = this.texture(name, width, height)
    const cells = tiles.map((_, tile) => [(tile % columns) * size.width, Math.floor(tile / columns) * size.height])
    const result = { texture, width: size.width, height: size.height, columns }
    return { framebuffer: this.framebuffer(texture), width, height, cells, result }
  }

  // The texture of this name and size, bound; made anew when the size changes.
  texture(name, width, height, numbers = false) {
    const { gl } = this
    const known = this.textures.get(name)
    if (known?.width === width && known?.height === height) {
      gl.activeTexture(gl.TEXTURE0)
      gl.bindTexture(gl.TEXTURE_2D, known.texture)
      return known.texture
    }
    if (known) {
      gl.deleteFramebuffer(known.texture.framebuffer || null)
      gl.deleteTexture(known.texture)
    }
    const texture = gl.createTexture()
    gl.activeTexture(gl.TEXTURE0)
    gl.bindTexture(gl.TEXTURE_2D, texture)
    gl.texStorage2D(gl.TEXTURE_2D, 1, numbers ? gl.RGBA32F : gl.RGBA8, width, height)
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST)
    this.textures.set(name, { texture, width, height })
    this.drawn.delete(name)
    return texture
  }

  framebuffer(texture) {
    const { gl } = this
    if (!texture.framebuffer) {
      texture.framebuffer = gl.createFramebuffer()
      gl.bindFramebuffer(gl.FRAMEBUFFER, texture.framebuffer)
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0)
    }
    return texture.framebuffer
  }

  program(name, shape) {
    const key = `${name} ${shape}`
    if (!this.programs.has(key)) this.programs.set(key, new Program(this.gl, vertex(name === "both" ? "" : shape), SOURCES[name](shape)))
    return this.programs.get(key)
  }

  // The canvas's pixels, RGBA, the first row first; right after drawing only.
  pixels() {
    const { gl } = this
    const { width, height } = this.canvas
    const upside = new Uint8Array(4 * width * height)
    gl.bindFramebuffer(gl.FRAMEBUFFER, null)
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, upside)
    const rows = new Uint8Array(upside.length)
    for (let row = 0; row < height; row++) {
      rows.set(upside.subarray(4 * width * row, 4 * width * (row + 1)), 4 * width * (height - 1 - row))
    }
    return rows
  }

  destroy() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext() // a browser allows few contexts at a time
  }
}

class Program {
  constructor(gl, vertexSource, fragment) {
    this.gl = gl
    this.places = new Map()
    this.handle = gl.createProgram()
    for (const [type, source] of [[gl.VERTEX_SHADER, vertexSource], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(type)
      gl.shaderSource(shader, source)
      gl.compileShader(shader)
      gl.attachShader(this.handle, shader)
    }
    gl.linkProgram(this.handle)
    if (!gl.getProgramParameter(this.handle, gl.LINK_STATUS) && !gl.isContextLost()) {
      const logs = gl.getAttachedShaders(this.handle).map(shader => gl.getShaderInfoLog(shader))
      throw new Error([gl.getProgramInfoLog(this.handle), ...logs].join("\n"))
    }
  }

  at(name) {
    if (!this.places.has(name)) this.places.set(name, this.gl.getUniformLocation(this.handle, name))
    return this.places.get(name)
  }
}

// The positions of a picture's contrasts among its steps: those that need the mean grey.
function contrasts(values) {
  const places = []
  for (let step = 0; 4 * step < values.length; step++) {
    if (values[4 * step + 3] !== 0) places.push(step)
  }
  return places
}

// For each pass and picture the part of its result that is looked at.
function regions({ passes }) {
  const rects = []
  let wanted = null // by the pass that follows
  for (let index = passes.length - 1; index >= 0; index--) {
    const { size, tiles } = passes[index]
    rects[index] = tiles.map((_, tile) => wanted?.[tile] ?? [0, 0, size.width, size.height])
    const all = passes[index].type === "warp" || tiles.some(({ steps }) => steps && contrasts(steps.values).length)
    wanted = all ? null : tiles.map((tile, number) => inside(passes[index], tile, rects[index][number]))
  }
  return rects
}

// The part of the picture before a pass that the pass needs; `from` is the size before it.
function inside({ type, from }, { box, flip }, rect) {
  let [left, top, right, bottom] = rect
  if (type === "resample") [left, top, right, bottom] = [box[0], box[1], box[0] + box[2], box[1] + box[3]]
  if (flip[0]) [left, right] = [from.width - right, from.width - left]
  if (flip[1]) [top, bottom] = [from.height - bottom, from.height - top]
  return [left, top, right, bottom]
}

function contains(outer, inner) {
  if (inner === NOTHING) return true
  return outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3]
}
