// The maps of a network's layers over the photo. Layers and maps change here, in the browser; the
// server is told only which unit was opened, so that it can search for what else excites it.

// What the reader leafed to outlives a redraw, unless the unit or the picture is another one.
const kept = { cause: "", shown: 0 }

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

// Shows tile number `index` of a picture of `count` tiles, whatever the element's size.
function showTile(element, sprite, layer, index, count = layer.channels.length) {
  const rows = Math.ceil(count / layer.columns)
  const x = index % layer.columns
  const y = Math.floor(index / layer.columns)
  const percent = (at, all) => (all > 1 ? (100 * at) / (all - 1) : 0)
  element.style.backgroundImage = `url(${sprite})`
  element.style.backgroundSize = `${100 * layer.columns}% ${100 * rows}%`
  element.style.backgroundPosition = `${percent(x, layer.columns)}% ${percent(y, rows)}%`
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".maps")
  for (const [name, color] of Object.entries(data.colors)) root.style.setProperty(`--${name}`, color)
  const last = data.layers.length - 1
  let [shown, chosen] = data.unit
  const cause = JSON.stringify([data.unit, data.photo.length, data.layers.map((l) => l.title)])
  if (kept.cause === cause) shown = kept.shown
  kept.cause = cause
  shown = Math.min(Math.max(shown, 0), last)
  let opened = data.unit[0]

  const slider = make("input", { type: "range", min: 0, max: last, step: 1, value: shown })
  slider.setAttribute("aria-label", "Layer, from the first to the last")
  const title = make("h4")
  const note = make("p", { className: "note" })
  const overlay = make("div", { className: "overlay" })
  const caption = make("p", { className: "note", role: "status" })
  const stack = make("div", { className: "stack" }, [
    make("img", { src: data.photo, alt: "The picture as the network sees it, in grey" }),
    overlay,
  ])
  const grid = make("div", { className: "tiles" })

  const open = (index, tell) => {
    const layer = data.layers[shown]
    const buttons = [...grid.children]
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === index))
    if (index < 0) {
      overlay.style.backgroundImage = "none"
      caption.textContent = `Channel ${chosen} is not among the maps shown here.`
      return
    }
    showTile(overlay, layer.sprite, layer, index)
    caption.textContent = `Over the picture: channel ${layer.channels[index]}. ${layer.notes[index]}`
    if (tell) {
      chosen = layer.channels[index]
      opened = shown
      setTriggerValue("unit", [shown, chosen])
    }
  }

  const find = () => (shown === opened ? data.layers[shown].channels.indexOf(chosen) : 0)

  const leaf = (index) => {
    shown = kept.shown = index
    const layer = data.layers[index]
    slider.value = index
    slider.setAttribute("aria-valuetext", layer.title)
    title.textContent = layer.title
    note.textContent = layer.note
    grid.replaceChildren(
      ...layer.channels.map((number, i) => {
        const map = make("span", { className: "map" })
        showTile(map, layer.sprite, layer, i)
        const parts = [map]
        if (layer.kernels) {
          const kernel = make("span", { className: "kernel" })
          showTile(kernel, layer.kernels, layer, i)
          parts.push(kernel)
        }
        parts.push(make("small", { textContent: number }))
        const button = make("button", { type: "button", onclick: () => open(i, true) }, parts)
        button.onmouseenter = () => open(i, false)
        button.setAttribute("aria-label", `Channel ${number}. ${layer.notes[i]}`)
        return button
      }),
    )
    open(find(), false)
  }

  slider.oninput = () => leaf(Number(slider.value))
  const step = (by) => leaf(Math.min(last, Math.max(0, shown + by)))
  const bar = make("div", { className: "bar" }, [
    make("button", { type: "button", textContent: "◀ earlier", onclick: () => step(-1) }),
    slider,
    make("button", { type: "button", textContent: "later ▶", onclick: () => step(1) }),
  ])
  root.replaceChildren(
    bar,
    make("div", { className: "columns" }, [
      make("div", {}, [stack, caption]),
      make("div", {}, [title, note, grid]),
    ]),
  )
  // What was pointed at is only a preview: the opened unit comes back.
  grid.onmouseleave = () => open(find(), false)
  leaf(shown)
}
