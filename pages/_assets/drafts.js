// What is typed, kept in this browser until the desk has it, and told to the other tabs. Both are
// named by who types and on which case.

const OLD = 7 * 24 * 3600 * 1000 // ms after which nobody comes back for it

const name = (store, kind) => `${store}:${kind}`

// browsers may refuse to keep anything; then a draft is as safe as the connection
const quietly = work => {
  try {
    return work()
  } catch {
    return null
  }
}

export const remember = (store, kind, typed) =>
  quietly(() => localStorage.setItem(name(store, kind), JSON.stringify({ ...typed, when: Date.now() })))

export const forget = (store, kind) => quietly(() => localStorage.removeItem(name(store, kind)))

export const remembered = (store, kind) =>
  quietly(() => {
    const found = JSON.parse(localStorage.getItem(name(store, kind)))
    return found && Date.now() - found.when < OLD && typeof found.body === "string" ? found : null
  })

// `heard` gets what the other tabs of this browser tell
export const channel = (store, heard) => {
  const line = quietly(() => new BroadcastChannel(store))
  if (line) line.onmessage = event => heard(event.data)
  return { tell: words => line?.postMessage(words), close: () => line?.close() }
}
