// Who looks at whom: every layer and head of one or two networks, for two sentences side by side.
// All maps are here, so layers and heads are leafed through without the server; it hears of a new
// head when the reader lets go of the slider, because it opens that head further down, and of words.

const SVG = "http://www.w3.org/2000/svg"
const ROW = 24 // pixels a word; the same as in the style sheet
const LEVELS = 65535

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

function decode(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
  const view = new DataView(bytes.buffer)
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i, true) / LEVELS)
}

const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`
const isMark = (label) => label === "[CLS]" || label === "[SEP]"
const clamp = (value, count) => Math.max(0, Math.min(count - 1, value))

// The reader's place outlives a redraw of the component.
const kept = { id: "", told: "", words: "", view: [0, 0, 0], from: [], to: [] }

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".attention")
  for (const [name, color] of Object.entries(data.colors)) root.style.setProperty(`--${name}`, color)
  const words = String(data.sentences.map((each) => [each.from, each.to]))
  if (kept.id !== data.id || kept.words !== words) {
    kept.id = data.id
    kept.words = words
    kept.from = data.sentences.map((each) => each.from)
    kept.to = data.sentences.map((each) => each.to)
  }
  if (kept.told !== String(data.view)) {
    kept.told = String(data.view)
    kept.view = [...data.view]
  }
  kept.view[0] = clamp(kept.view[0], data.networks.length)
  const maps = data.networks.map((network) => network.maps.map(decode))
  let hovered = null // [sentence, word]: a preview only

  const network = () => data.networks[kept.view[0]]
  const share = (sentence, layer, head, from, to) => {
    const size = data.sentences[sentence].labels.length
    return maps[kept.view[0]][sentence][((layer * network().heads + head) * size + from) * size + to]
  }

  const tell = () => {
    kept.told = String(kept.view)
    setTriggerValue("view", [...kept.view])
  }
  const tellWords = () => {
    const pairs = kept.from.map((from, s) => [from, kept.to[s]])
    kept.words = String(pairs)
    setTriggerValue("words", pairs)
  }
  const slide = (name, index) => {
    const input = make("input", { type: "range", min: 0, step: 1 })
    const output = make("output")
    input.oninput = () => { kept.view[index] = Number(input.value); draw() }
    input.onchange = tell
    return { input, output, row: make("label", { className: "slide" }, [make("span", { textContent: name }), input, output]) }
  }
  const layer = slide("Layer", 1)
  const head = slide("Head", 2)
  const choices = data.networks.map((each, index) => {
    const button = make("button", { type: "button", textContent: each.title })
    button.onclick = () => { kept.view = [index, ...each.start]; draw(); tell() }
    return button
  })

  const panels = data.sentences.map((sentence, s) => {
    const words = sentence.labels.map((label, i) => {
      const button = make("button", { type: "button", textContent: label })
      if (sentence.unknown.includes(i)) { button.classList.add("unknown"); button.title = "unknown to the network: read as [UNK]" }
      if (isMark(label)) button.classList.add("mark")
      button.onmouseenter = () => { hovered = [s, i]; draw() }
      button.onfocus = button.onmouseenter
      button.onclick = () => { choose(kept.from, s, i); hovered = null; draw(); tellWords() }
      return button
    })
    const left = make("div", { className: "words from" }, words)
    left.onmouseleave = () => { hovered = null; draw() }
    left.addEventListener("focusout", left.onmouseleave)
    const height = ROW * sentence.labels.length
    const lines = document.createElementNS(SVG, "svg")
    for (const [name, value] of Object.entries({ viewBox: `0 0 100 ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" })) lines.setAttribute(name, value)
    lines.style.height = `${height}px`
    const targets = sentence.labels.map((label, i) => {
      const bar = make("i")
      const number = make("b")
      const button = make("button", { type: "button" }, [bar, make("span", { textContent: label }), number])
      if (isMark(label)) button.classList.add("mark")
      button.onclick = () => { choose(kept.to, s, i); draw(); tellWords() }
      return { button, bar, number }
    })
    const right = make("div", { className: "words to" }, targets.map((each) => each.button))
    const grid = make("div", { className: "grid" })
    const title = make("h5")
    const what = make("p", { className: "note" })
    const box = make("section", {}, [
      make("h4", { textContent: sentence.title }),
      make("div", { className: "pair" }, [left, lines, right]),
      title, grid, what,
    ])
    return { words, lines, targets, grid, title, what, box }
  })

  // The same word of the other sentence follows, where there is one at the same place.
  const choose = (chosen, s, i) => {
    const label = data.sentences[s].labels[i]
    data.sentences.forEach((sentence, other) => { if (other === s || sentence.labels[i] === label) chosen[other] = i })
  }

  const status = make("p", { className: "status" })
  status.setAttribute("role", "status")

  const drawPanel = (s) => {
    const { labels } = data.sentences[s]
    const panel = panels[s]
    const [, l, h] = kept.view
    const from = hovered && hovered[0] === s ? hovered[1] : kept.from[s]
    const to = kept.to[s]
    const row = labels.map((_, j) => share(s, l, h, from, j))
    const top = Math.max(1e-6, ...row.filter((_, j) => !isMark(labels[j])))
    panel.words.forEach((button, i) => { button.setAttribute("aria-pressed", i === from); button.setAttribute("aria-label", `from ${labels[i]}`) })
    panel.lines.replaceChildren(...row.map((value, j) => {
      const strength = Math.min(1, value / top)
      const line = document.createElementNS(SVG, "path")
      const [y1, y2] = [(from + 0.5) * ROW, (j + 0.5) * ROW]
      line.setAttribute("d", `M0,${y1}C50,${y1} 50,${y2} 100,${y2}`)
      line.setAttribute("class", j === to ? "line target" : isMark(labels[j]) ? "line mark" : "line")
      line.setAttribute("stroke-width", 0.5 + 4 * strength)
      line.setAttribute("stroke-opacity", 0.12 + 0.8 * strength)
      return line
    }))
    panel.targets.forEach(({ button, bar, number }, j) => {
      bar.style.width = isMark(labels[j]) ? "0" : `${100 * row[j] / top}%`
      number.textContent = percent(row[j])
      button.setAttribute("aria-pressed", j === to)
      button.setAttribute("aria-label", `${percent(row[j])} to ${labels[j]}`)
    })
    drawGrid(s, from, to)
    return `${data.sentences[s].title}: “${labels[from]}” looks at “${labels[to]}” with ${percent(row[to])}, at the marks [CLS] and [SEP] with ${percent(row[0] + row[row.length - 1])}.`
  }

  const drawGrid = (s, from, to) => {
    const { layers, heads } = network()
    const [, l, h] = kept.view
    const { labels } = data.sentences[s]
    const panel = panels[s]
    const all = []
    for (let i = 0; i < layers; i++) for (let j = 0; j < heads; j++) all.push(share(s, i, j, from, to))
    const top = Math.max(1e-6, ...all)
    if (panel.grid.children.length !== all.length) {
      panel.grid.style.gridTemplateColumns = `repeat(${heads}, minmax(0, 1fr))`
      panel.grid.replaceChildren(...all.map((_, k) => {
        const cell = make("i")
        cell.onclick = () => { kept.view = [kept.view[0], Math.floor(k / heads), k % heads]; draw(); tell() }
        return cell
      }))
    }
    panel.grid.setAttribute("role", "img")
    const best = all.indexOf(Math.max(...all))
    panel.title.textContent = `All heads at once: from “${labels[from]}” to “${labels[to]}” (a row a layer)`
    const words = `Most: ${percent(all[best])} in layer ${Math.floor(best / heads) + 1}, head ${(best % heads) + 1}. On average ${percent(all.reduce((a, b) => a + b) / all.length)}; spread evenly over all pieces it would be ${percent(1 / labels.length)}.`
    panel.what.textContent = words
    panel.grid.setAttribute("aria-label", words)
    all.forEach((value, k) => {
      const cell = panel.grid.children[k]
      cell.style.setProperty("--share", value / top)
      cell.title = `layer ${Math.floor(k / heads) + 1}, head ${(k % heads) + 1}: ${percent(value)}`
      cell.className = k === l * heads + h ? "open" : ""
    })
  }

  const draw = () => {
    const { layers, heads } = network()
    kept.view[1] = clamp(kept.view[1], layers)
    kept.view[2] = clamp(kept.view[2], heads)
    for (const [control, count, index] of [[layer, layers, 1], [head, heads, 2]]) {
      control.input.max = count - 1
      control.input.value = kept.view[index]
      control.output.textContent = `${kept.view[index] + 1} of ${count}`
      control.input.setAttribute("aria-valuetext", control.output.textContent)
    }
    choices.forEach((button, index) => button.setAttribute("aria-pressed", index === kept.view[0]))
    status.textContent = panels.map((_, s) => drawPanel(s)).join(" ")
  }

  root.replaceChildren(
    make("div", { className: "bar" }, [...(choices.length > 1 ? choices : []), layer.row, head.row]),
    make("div", { className: "sides" }, panels.map((panel) => panel.box)),
    status,
  )
  draw()
}
