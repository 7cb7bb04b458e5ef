// Under- and overfitting: one polynomial of every degree was fitted on the server; the slider here
// leafs through them.

const SVG = "http://www.w3.org/2000/svg"
const BOX = { width: 420, height: 250, left: 34, right: 8, top: 8, bottom: 26 }
const TOP = 2 // the left figure reaches from -TOP to TOP

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

function makeSvg(tag, attributes = {}, text = null) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  if (text !== null) element.textContent = text
  return element
}

const show = (value) => value.toFixed(2)
const across = (share) => BOX.left + share * (BOX.width - BOX.left - BOX.right)
const down = (share) => BOX.top + share * (BOX.height - BOX.top - BOX.bottom)
const join = (points) => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")

function drawFit(data, fit) {
  const svg = makeSvg("svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img", "aria-label": `Polynomial of degree ${fit.degree} through ${data.train.length} samples` })
  const at = ([x, y]) => [across((x + 1) / 2), down((TOP - Math.max(-TOP, Math.min(TOP, y))) / (2 * TOP))]
  const line = (ys) => join(data.x.map((x, i) => at([x, ys[i]])))
  svg.append(makeSvg("path", { class: "axis", d: `M${across(0)},${down(0)}V${down(1)}H${across(1)}` }))
  for (const point of data.test) { const [cx, cy] = at(point); svg.append(makeSvg("circle", { cx, cy, r: 2, class: "other" })) }
  svg.append(makeSvg("polyline", { class: "truth", points: line(data.truth) }), makeSvg("polyline", { class: "fit", points: line(fit.y) }))
  for (const point of data.train) { const [cx, cy] = at(point); svg.append(makeSvg("circle", { cx, cy, r: 5, class: "sample" })) }
  svg.append(makeSvg("text", { x: across(0), y: BOX.height - 6 }, `● ${data.train.length} to learn from   · ${data.test.length} new ones   - - the truth`))
  return svg
}

function drawErrors(data) {
  const errors = data.fits.flatMap((fit) => [fit.train, fit.test])
  const [low, high] = [0.02, Math.max(2, Math.min(100, Math.max(...errors)))]
  const svg = makeSvg("svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img", "aria-label": `Errors by degree; on new samples the least is at degree ${data.best}` })
  const toX = (degree) => across(degree / (data.fits.length - 1))
  const log = (v) => Math.log10(Math.max(low, Math.min(high, v)))
  const toY = (v) => down((log(high) - log(v)) / (log(high) - log(low)))
  const cursor = makeSvg("line", { class: "cursor", y1: down(0), y2: down(1) })
  svg.append(makeSvg("path", { class: "axis", d: `M${across(0)},${down(0)}V${down(1)}H${across(1)}` }), cursor)
  for (const tick of [0.1, 1, 10]) if (tick < high) svg.append(makeSvg("text", { x: across(0) - 4, y: toY(tick) + 4, "text-anchor": "end" }, tick))
  for (const name of ["train", "test"]) svg.append(makeSvg("polyline", { class: `line ${name}`, points: join(data.fits.map((fit) => [toX(fit.degree), toY(fit[name])])) }))
  svg.append(makeSvg("text", { x: across(0), y: BOX.height - 6 }, "degree 0 to 14    — error on what it learnt from   - - on new ones"))
  return { svg, move: (degree) => { cursor.setAttribute("x1", toX(degree)); cursor.setAttribute("x2", toX(degree)) } }
}

// The reader's place outlives a redraw of the component.
const kept = { degree: 1 }

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".player")
  for (const [name, color] of Object.entries(data.colors)) root.style.setProperty(`--${name}`, color)
  const slider = make("input", { type: "range", min: 0, max: data.fits.length - 1, step: 1, value: kept.degree })
  slider.setAttribute("aria-label", "Degree of the polynomial")
  const number = make("output")
  const figure = make("div")
  const errors = drawErrors(data)
  const what = make("p", { className: "what" })
  what.setAttribute("role", "status")
  const draw = () => {
    const fit = data.fits[kept.degree]
    figure.replaceChildren(drawFit(data, fit))
    errors.move(kept.degree)
    number.textContent = `degree ${kept.degree}`
    const side = kept.degree === data.best ? "The best of all on new samples." : kept.degree < data.best ? "Simpler than the best." : "More flexible than the best."
    what.textContent = `Degree ${kept.degree}: error ${show(fit.train)} on what it learnt from, ${show(fit.test)} on new samples (the noise alone is ${show(data.noise)}). ${side}`
  }
  slider.oninput = () => { kept.degree = Number(slider.value); draw() }
  root.replaceChildren(
    make("div", { className: "bar" }, [make("span", { textContent: "Degree" }), slider, number]),
    make("div", { className: "row" }, [
      figure,
      make("div", {}, [errors.svg]),
    ]),
    what,
  )
  draw()
}
