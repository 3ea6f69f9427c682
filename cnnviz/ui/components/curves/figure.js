// The runs as a plotly figure: accuracy above, loss below, one shared axis.

import { band, outline, placeSteps } from "./points.js"

const NARROW = 560 // px; below it the type is smaller and there is no room at the ends of the lines
const DIRECT = 3 // up to this many runs are labelled at the ends of their lines
const FEWEST_SEEDS = 3 // from so many runs that differ in their seed alone on, their mean and their spread are drawn
const BAND_POINTS = 240
const FEWEST_POINTS = 160 // of a line among many
const LOG_TICKS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
const PERCENT = "\u202f%"

// Colours and type of the page, read anew at every drawing because the theme may have changed.
export function readTheme(element) {
  const style = getComputedStyle(element)
  const value = name => style.getPropertyValue(`--st-${name}`).trim()
  const background = value("background-color") || "#ffffff"
  return {
    background,
    text: value("text-color") || "#222222",
    quiet: mix(value("text-color") || "#222222", background, 0.76),
    grid: mix(value("text-color") || "#222222", background, 0.13),
    font: value("font") || "sans-serif",
    scale: parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1, // a projector enlarges
    dark: luminance(background) < 0.4,
  }
}

// Whether the lines carry their names at their ends; otherwise there is a legend above.
export function labelsDirectly(count, width) {
  return width >= NARROW ? count <= DIRECT : count <= 1
}

// A run's colour in this theme: one for both, or a pair.
export function colorOf(look, theme) {
  return Array.isArray(look.color) ? look.color[theme.dark ? 1 : 0] : look.color
}

// What is drawn and listed as one: a run, or the seeds of one. → [{ id, label, look, members }]
export function groupRuns(runs) {
  const seeds = new Map()
  for (const run of runs) {
    const id = run.look.band?.[0]
    if (id) seeds.set(id, [...(seeds.get(id) || []), run])
  }
  const items = []
  for (const run of runs) {
    const [id, name] = run.look.band || []
    const members = seeds.get(id) || []
    if (members.length < FEWEST_SEEDS) items.push({ id: run.id, label: run.label, look: run.look, members: [run] })
    else if (members[0] === run) items.push({ id: `band ${id}`, label: name, look: { ...run.look, marks: [] }, members })
  }
  return items
}

// `view` holds the ranges of the vertical axes as they are drawn now, `range` the part of the x axis looked at.
export function buildFigure({ items, frame, theme, width, hidden, zoom, range, view }) {
  const narrow = width < NARROW
  const { scale } = theme
  const shown = items.filter(item => !hidden.has(item.id))
  const runs = items.flatMap(item => item.members)
  const epochs = frame.x === "epochs"
  // The upper chart shows accuracies, or another measure of the training steps, neither smoothed nor measured in tests.
  const above = frame.measure || "accuracy"
  const plain = above !== "accuracy"
  const inPercent = above in { accuracy: 0, load: 0 }
  const percent = values => (inPercent ? values.map(value => 100 * value) : values)
  const hovers = {
    loss: "%{y:.3f}",
    accuracy: inPercent ? `%{y:.1f}${PERCENT}` : above === "learning_rate" ? "%{y:.3~g}" : "%{y:,.0f}",
  }
  const tests = (test, panel) => test.length > 0 && !(plain && panel === "accuracy")
  const x = {
    steps: (_run, steps) => steps,
    epochs: (run, steps) => steps.map(step => step / (run.look.perEpoch || 1)),
  }[frame.x] || ((run, steps) => placeSteps(steps, run.at))
  // Annotations and ranges of a logarithmic axis are given as powers of ten, shapes and points as they are.
  const along = (panel, value) => (panel === "loss" && frame.log ? Math.log10(Math.max(value, 1e-9)) : value)
  const limit = Math.max(FEWEST_POINTS, Math.min(1500, Math.floor((3 * width) / Math.max(shown.length, 1))))
  const traces = []
  const ends = []
  for (const item of shown) item.members.length > 1 ? addBand(item) : addRun(item.members[0])
  return { traces, layout: layout() }

  function addRun(run) {
    const { train, test, look } = run
    const color = colorOf(look, theme)
    const at = { train: x(run, train.steps), test: x(run, test.steps) }
    const smoothed = {
      loss: train.smoothed("loss", frame.smoothing),
      accuracy: percent(plain ? train.accuracy : train.smoothed("accuracy", frame.smoothing)),
    }
    const tested = { loss: test.loss, accuracy: percent(test.accuracy) }
    const [from, to] = range || []
    const line = (part, steps, values, panel, style, hover) => {
      const points = outline(steps, values, limit, from, to)
      traces.push({
        ...points,
        uid: identifier(`${run.id}-${part}-${panel}`),
        type: "scatter",
        mode: "lines",
        name: (items.length > 1 ? `${run.label} · ` : "") + frame.labels[part === "test" ? "test" : "train"],
        yaxis: panel === "accuracy" ? "y" : "y2",
        connectgaps: false,
        ...(hover ? { hovertemplate: hovers[panel] } : { hoverinfo: "skip" }),
        ...style,
      })
    }
    const thin = { line: { color, width: 1.25 * scale }, opacity: 0.85 }
    const dotted = {
      mode: "lines+markers",
      line: { color, width: 2.5 * scale, dash: look.dash },
      marker: { color, size: (narrow ? 5 : 7) * scale, line: { color: theme.background, width: 1 } },
    }
    line("raw", at.train, train.loss, "loss", { line: { color, width: scale }, opacity: 0.35 }, false)
    for (const panel of ["accuracy", "loss"]) {
      line("train", at.train, smoothed[panel], panel, thin, true)
      if (tests(test, panel)) line("test", at.test, tested[panel], panel, dotted, true)
      const furthest = Math.max(at.train.at(-1) ?? 0, at.test.at(-1) ?? 0)
      const end = (part, values) => {
        const last = values.findLast(Number.isFinite)
        if (last !== undefined) ends.push({ run, part, panel, color, x: furthest, y: last })
      }
      if (narrow) continue
      if (items.length === 1) {
        end("train", smoothed[panel])
        if (tests(test, panel)) end("test", tested[panel])
      } else if (items.length <= DIRECT) {
        end("run", tests(test, panel) ? tested[panel] : smoothed[panel])
      }
    }
  }

  // The seeds of one run: their mean as a line, what lies between the smallest and the largest as a tinted strip.
  function addBand(item) {
    const color = colorOf(item.look, theme)
    let furthest = 0
    const last = { accuracy: {}, loss: {} }
    for (const panel of ["accuracy", "loss"]) {
      for (const part of plain && panel === "accuracy" ? ["train"] : ["train", "test"]) {
        const series = item.members.map(run => {
          const points = run[part]
          const raw = part === "test" || (plain && panel === "accuracy")
          const values = raw ? points[panel] : points.smoothed(panel, frame.smoothing)
          return { x: x(run, points.steps), y: panel === "accuracy" ? percent(values) : values }
        })
        if (series.some(one => !one.x.length)) continue
        const found = band(series, BAND_POINTS)
        const axis = panel === "accuracy" ? "y" : "y2"
        const uid = kind => identifier(`${item.id}-${kind}-${panel}`)
        const strip = { type: "scatter", mode: "lines", yaxis: axis, hoverinfo: "skip", line: { width: 0, color } }
        traces.push({ ...strip, x: found.x, y: found.low, uid: uid(`${part}_low`) })
        traces.push({
          ...strip, x: found.x, y: found.high, uid: uid(`${part}_high`), fill: "tonexty",
          fillcolor: translucent(color, part === "test" ? 0.25 : 0.12),
        })
        traces.push({
          x: found.x,
          y: found.mean,
          uid: uid(`${part}_mean`),
          type: "scatter",
          mode: part === "test" && found.x.length < 40 ? "lines+markers" : "lines",
          marker: { color, size: 6 * scale },
          name: `${item.label} · ${frame.labels[part]}`,
          yaxis: axis,
          hovertemplate: hovers[panel],
          line: {
            color, width: (part === "test" ? 2.5 : 1.25) * scale, dash: part === "test" ? item.look.dash : "solid",
          },
        })
        furthest = Math.max(furthest, found.x.at(-1) ?? 0)
        last[panel][part] = found.mean.at(-1)
      }
    }
    if (narrow || items.length > DIRECT) return
    for (const panel of ["accuracy", "loss"]) {
      const y = last[panel].test ?? last[panel].train
      if (y !== undefined) ends.push({ run: item, part: "run", panel, color, x: furthest, y })
    }
  }

  function layout() {
    const size = Math.round((narrow ? 12 : 14) * scale)
    const widths = ends.map(end => textWidth(shorten(label(end), 26), `600 ${size}px ${theme.font}`))
    const right = Math.max(narrow ? 14 : 24, 18 + Math.max(0, ...widths))
    const margin = { l: (narrow ? 44 : 58) * scale, r: right, t: 30 * scale, b: (narrow ? 42 : 48) * scale }
    const inner = frame.height - margin.t - margin.b
    const gap = (44 * scale) / inner // px between the panels, with room for the lower one's title
    const split = 0.5
    const domains = { accuracy: [split + gap / 2, 1], loss: [0, split - gap / 2] }
    const axis = {
      gridcolor: theme.grid,
      zerolinecolor: theme.grid,
      linecolor: theme.quiet,
      tickfont: { size, color: theme.text },
      ticks: "",
      automargin: false,
      fixedrange: false,
      uirevision: `zoom ${zoom}`, // Plotly forgets what was zoomed when this changes
    }
    const furthest = Math.max(
      0,
      ...runs
        .map(run => x(run, [Math.max(run.look.total || 0, run.train.covered, run.test.covered)])[0])
        .filter(Number.isFinite),
    )
    const { labels } = frame
    const counted = {
      steps: labels.step, epochs: labels.epoch, seconds: labels.seconds, images: labels.images, macs: labels.macs,
    }[frame.x]
    const hover = { steps: ",d", epochs: ".2f", seconds: ",.1f", images: ",d", macs: ".3s" }[frame.x]
    const strips = frame.references.filter(line => line.spread).map(referenceStrip)
    const title = (text, domain) => ({
      text: escape(text),
      xref: "paper",
      yref: "paper",
      x: 0,
      y: domain[1],
      xanchor: "left",
      yanchor: "bottom",
      xshift: -margin.l + 4,
      yshift: 6,
      showarrow: false,
      font: { size: size + 1, color: theme.text, weight: 600 },
    })
    return {
      width,
      height: frame.height,
      margin,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: theme.font, size, color: theme.text },
      separators: frame.labels.locale === "es" ? ",." : ".,",
      showlegend: false,
      uirevision: "keep",
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      hovermode: "x unified",
      hoverlabel: {
        bgcolor: theme.background,
        bordercolor: theme.quiet,
        font: { size: size - 1, color: theme.text, family: theme.font },
        namelength: -1,
      },
      xaxis: {
        ...axis,
        anchor: "y2",
        title: { text: escape(frame.xTitle), standoff: 6, font: { size, color: theme.text } },
        range: range || [0, furthest > 0 ? 1.01 * furthest : epochs ? 1 : 100], // room for the last dot
        hoverformat: hover,
        unifiedhovertitle: {
          text: `${escape(counted)} %{x}`,
        },
        tickformat: { steps: ",d", images: "~s", macs: "~s" }[frame.x] || "",
        nticks: narrow ? 5 : 9,
        showgrid: false,
        showline: true,
      },
      yaxis: {
        ...axis,
        domain: domains.accuracy,
        nticks: 6,
        ...(inPercent ? { range: [0, 100], ticksuffix: PERCENT } : { rangemode: "tozero" }),
      },
      yaxis2: {
        ...axis,
        domain: domains.loss,
        ...(frame.log ? { type: "log", tickvals: LOG_TICKS } : { type: "linear", rangemode: "tozero", nticks: 6 }),
      },
      shapes: [...strips, ...marks().map(mark => mark.shape), ...frame.references.map(referenceLine)],
      annotations: [
        title(frame.yTitles[0], domains.accuracy),
        title(frame.yTitles[1], domains.loss),
        ...marks().map(mark => mark.text),
        ...referenceTexts(inner, domains, size),
        ...endLabels(inner, domains, size),
      ],
    }
  }

  function label(end) {
    return end.part === "run" ? end.run.label : frame.labels[end.part]
  }

  // Labels at the ends of the lines, moved apart where two lines end close to each other.
  function endLabels(inner, domains, size) {
    return ["accuracy", "loss"].flatMap(panel => {
      const own = ends.filter(end => end.panel === panel).sort((a, b) => a.y - b.y)
      const [low, high] = view[panel]
      const scale = (inner * (domains[panel][1] - domains[panel][0])) / (high - low)
      const heights = own.map(end => (along(panel, end.y) - low) * scale)
      const places = spread(heights, size + 4)
      return own.map((end, index) => ({
        text: escape(shorten(label(end), 26)),
        x: end.x,
        y: along(panel, end.y),
        xref: "x",
        yref: panel === "accuracy" ? "y" : "y2",
        xanchor: "left",
        yanchor: "middle",
        xshift: 8,
        yshift: places[index] - heights[index],
        showarrow: false,
        font: { size, color: end.color, weight: end.part === "train" ? 400 : 600 },
      }))
    })
  }

  function marks() {
    const alone = shown.filter(item => item.members.length === 1).map(item => item.members[0])
    const all = alone
      .flatMap(run => run.look.marks.map(([step, text]) => ({ run, text, at: x(run, [step])[0] })))
      .filter(mark => Number.isFinite(mark.at))
    all.sort((a, b) => a.at - b.at)
    return all.map(({ run, text, at }, index) => {
      const color = items.length > 1 ? colorOf(run.look, theme) : theme.quiet
      return {
        shape: {
          type: "line",
          xref: "x",
          yref: "paper",
          x0: at,
          x1: at,
          y0: 0,
          y1: 1,
          line: { color, width: scale, dash: "dot" },
        },
        text: {
          text: escape(shorten(text, 28)),
          x: at,
          y: 0,
          xref: "x",
          yref: "y domain",
          xanchor: "left",
          yanchor: "bottom",
          xshift: 3,
          yshift: 3 + 16 * scale * (index % 3),
          showarrow: false,
          font: { size: Math.round(12 * scale), color },
          bgcolor: translucent(theme.background, 0.75),
          borderpad: 1,
        },
      }
    })
  }

  function shade(line) {
    return line.color ? colorOf(line, theme) : theme.quiet
  }

  function referenceValue(line, value = line.value) {
    return line.panel === "accuracy" ? 100 * value : value
  }

  function referenceLine(line) {
    const value = referenceValue(line)
    return {
      type: "line",
      xref: "paper",
      yref: line.panel === "accuracy" ? "y" : "y2",
      x0: 0,
      x1: 1,
      y0: value,
      y1: value,
      line: { color: shade(line), width: 1.25 * scale, dash: "dash" },
    }
  }

  function referenceStrip(line) {
    return {
      type: "rect",
      xref: "paper",
      yref: line.panel === "accuracy" ? "y" : "y2",
      x0: 0,
      x1: 1,
      y0: referenceValue(line, line.spread[0]),
      y1: referenceValue(line, line.spread[1]),
      line: { width: 0 },
      fillcolor: translucent(shade(line), 0.09),
      layer: "below",
    }
  }

  // Where the curves are not: an accuracy is approached from below and late, a loss from above and early.
  function referenceTexts(inner, domains, size) {
    return ["accuracy", "loss"].flatMap(panel => {
      const own = frame.references.filter(line => line.panel === panel).sort((a, b) => a.value - b.value)
      const [low, high] = view[panel]
      const scale = (inner * (domains[panel][1] - domains[panel][0])) / (high - low)
      const heights = own.map(line => (along(panel, referenceValue(line)) - low) * scale)
      const places = spread(heights, size + 5)
      const left = panel === "accuracy"
      return own.map((line, index) => ({
        text: escape(line.label),
        xref: "paper",
        yref: left ? "y" : "y2",
        x: left ? 0 : 1,
        y: along(panel, referenceValue(line)),
        xanchor: left ? "left" : "right",
        yanchor: "bottom",
        xshift: left ? 4 : -4,
        yshift: places[index] - heights[index],
        showarrow: false,
        font: { size: size - 1, color: shade(line) },
        bgcolor: translucent(theme.background, 0.7),
        borderpad: 1,
      }))
    })
  }
}

// Heights in rising order, at least `gap` apart and as near to where they belong as they can be.
function spread(heights, gap) {
  const groups = []
  for (const height of heights) {
    groups.push({ middle: height, size: 1 })
    for (let last = groups.length - 1; last > 0; last--) {
      const [one, two] = [groups[last - 1], groups[last]]
      if (two.middle - one.middle >= (gap * (one.size + two.size)) / 2) break
      const size = one.size + two.size
      groups.splice(last - 1, 2, { middle: (one.middle * one.size + two.middle * two.size) / size, size })
    }
  }
  return groups.flatMap(({ middle, size }) =>
    Array.from({ length: size }, (_, index) => middle + gap * (index - (size - 1) / 2)),
  )
}

function textWidth(text, font) {
  const context = document.createElement("canvas").getContext("2d")
  context.font = font
  return context.measureText(text).width
}

// Plotly makes class names from a trace's uid and looks for them as selectors, so a run's id must be spelt in letters.
function identifier(text) {
  return text.replace(/[^A-Za-z0-9-]/g, character => `_${character.codePointAt(0).toString(16)}_`)
}

// Plotly reads a little markup in texts; names are data and must stay text.
function escape(text) {
  return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")
}

function shorten(text, limit) {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text
}

// Any CSS colour as [red, green, blue], by letting the browser paint it.
const painted = new Map()
function rgb(color) {
  if (!painted.has(color)) {
    const canvas = document.createElement("canvas")
    canvas.width = canvas.height = 1
    const context = canvas.getContext("2d", { willReadFrequently: true })
    context.fillStyle = color
    context.fillRect(0, 0, 1, 1)
    painted.set(color, [...context.getImageData(0, 0, 1, 1).data].slice(0, 3))
  }
  return painted.get(color)
}

function mix(color, other, share) {
  const [a, b] = [rgb(color), rgb(other)]
  return `rgb(${a.map((value, index) => Math.round(share * value + (1 - share) * b[index])).join()})`
}

function translucent(color, alpha) {
  return `rgba(${rgb(color).join()},${alpha})`
}

function luminance(color) {
  const [red, green, blue] = rgb(color).map(value => value / 255)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
