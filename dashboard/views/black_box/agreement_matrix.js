// The same picture under every method, and how much each pair of maps agrees. The pair, and what
// counts as "top", are chosen here, in the browser.

const kept = { pair: null, share: 1 }

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

const percent = (value) => `${Math.round(100 * value)} %`
const show = (value) => (value === null ? "none, a map is flat" : value.toFixed(2))

function drawMap(photo, map, isSmall) {
  return make("div", { className: isSmall ? "stack small" : "stack" }, [
    make("img", { className: "photo", src: photo, alt: "" }),
    make("img", { className: "map", src: map.overlay, alt: `${map.title}: heat map over the picture` }),
  ])
}

// Two methods that agree least among those that are not trivial: what the reader sees first.
function findWorst(data) {
  let worst = [0, Math.min(1, data.maps.length - 1)]
  let least = Infinity
  data.maps.forEach((a, i) => data.maps.forEach((b, j) => {
    const value = data.correlation[i][j]
    if (j < i && !a.is_trivial && !b.is_trivial && value !== null && value < least) {
      least = value
      worst = [i, j]
    }
  }))
  return worst
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".agreement")
  for (const [name, color] of Object.entries(data.colors)) root.style.setProperty(`--${name}`, color)
  const count = data.maps.length
  const names = data.maps.map((map) => map.title)
  let pair = kept.pair?.every((name) => names.includes(name)) ? kept.pair.map((name) => names.indexOf(name)) : findWorst(data)

  const duel = make("div", { className: "duel" })
  const sentence = make("p", { className: "what" })
  sentence.setAttribute("role", "status")
  const cells = []
  const thumbs = []

  const tint = (cell, value) => {
    const color = value === null ? "transparent" : `color-mix(in srgb, var(--${value < 0 ? "opposite" : "same"}) ${Math.round(100 * Math.abs(value))}%, transparent)`
    cell.style.background = color
  }
  const read = (i, j) => (j < i ? data.correlation[i][j] : data.overlap[kept.share][i][j])
  const paint = () => cells.forEach(({ cell, i, j }) => {
    const value = read(i, j)
    tint(cell, value)
    cell.textContent = value === null ? "–" : value.toFixed(2).replace("-0.00", "0.00").replace("0.", ".")
    const kind = j < i ? "rank correlation" : `top ${percent(data.shares[kept.share])} in common`
    cell.setAttribute("aria-label", `${names[i]} and ${names[j]}: ${kind} ${show(value)}`)
    cell.tabIndex = i === pair[0] && j === pair[1] ? 0 : -1
    cell.setAttribute("aria-pressed", pair.includes(i) && pair.includes(j))
  })
  const open = (i, j) => {
    pair = [i, j]
    kept.pair = [names[i], names[j]]
    const share = data.shares[kept.share]
    duel.replaceChildren(...pair.map((k) => make("figure", {}, [
      make("figcaption", { textContent: names[k] }),
      drawMap(data.photo, data.maps[k], data.is_small),
    ])))
    sentence.textContent = `${names[i]} and ${names[j]}: rank correlation ${show(data.correlation[i][j])}; of the top ${percent(share)} of pixels they share ${percent(data.overlap[kept.share][i][j])} (two random maps: ${percent(share)}).`
    paint()
    thumbs.forEach((thumb, k) => thumb.setAttribute("aria-pressed", pair.includes(k)))
  }

  const table = make("div", { className: "matrix" })
  table.style.setProperty("--count", count)
  table.append(make("span"), ...names.map((name, j) => make("span", { className: "head", textContent: j + 1, title: name })))
  for (let i = 0; i < count; i++) {
    table.append(make("span", { className: data.maps[i].is_trivial ? "label trivial" : "label", textContent: `${i + 1} ${names[i]}`, title: names[i] }))
    for (let j = 0; j < count; j++) {
      if (i === j) {
        table.append(make("span", { className: "self" }))
        continue
      }
      const cell = make("button", { type: "button", tabIndex: -1, onclick: () => open(i, j) })
      cell.onmouseenter = () => open(i, j)
      cell.onfocus = () => open(i, j)
      cells.push({ cell, i, j })
      table.append(cell)
    }
  }
  // One stop for the Tab key, arrows inside: 156 stops would be a wall.
  const focus = (i, j) => {
    const found = cells.find((each) => each.i === i && each.j === j)
    if (found) found.cell.focus()
  }
  table.onkeydown = (event) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
    if (!by) return
    event.preventDefault()
    let [i, j] = [pair[0] + by[0], pair[1] + by[1]]
    if (i === j) [i, j] = [i + by[0], j + by[1]]
    focus(i, j)
  }
  const grid = make("div", { className: "thumbs" }, data.maps.map((map, k) => {
    const button = make("button", { type: "button", onclick: () => open(k, pair[0] === k ? pair[1] : pair[0]) }, [
      drawMap(data.photo, map, data.is_small),
      make("small", { textContent: map.is_trivial ? `${map.title} (trivial)` : map.title }),
    ])
    thumbs.push(button)
    return button
  }))
  const slider = make("input", { type: "range", min: 0, max: data.shares.length - 1, step: 1, value: kept.share })
  slider.setAttribute("aria-label", "Share of the pixels that counts as top")
  const number = make("output")
  const slide = () => {
    kept.share = Number(slider.value)
    number.textContent = `top ${percent(data.shares[kept.share])}`
    slider.setAttribute("aria-valuetext", number.textContent)
    open(...pair)
  }
  slider.oninput = slide
  const scales = data.scales.map(([gradient, low, high]) => {
    const strip = make("i")
    strip.style.background = gradient
    return make("span", { className: "scale" }, [low, strip, high])
  })
  root.replaceChildren(
    grid,
    make("div", { className: "bar" }, scales),
    make("div", { className: "columns" }, [
      make("div", {}, [duel, sentence]),
      make("div", {}, [
        table,
        make("div", { className: "bar" }, [make("span", { textContent: "Upper right: pixels in common," }), slider, number]),
        make("p", { className: "note", textContent: "Lower left: rank correlation of all pixels (1 same order, 0 unrelated, below 0 opposite, blue). Touch a cell, or move with the arrow keys." }),
      ]),
    ]),
  )
  slide()
}
