import CLMat

/// Words by number and numbers by word, as bytes: a hash table with open addressing.
struct WordTable {
    /// All words one after the other, in UTF-8.
    private var text: [UInt8] = []
    /// Where each word begins, and the last one ends.
    private var starts = [0]
    /// 1 + the number of the word, 0 where none is; a power of two of them, at least half empty.
    private var slots = [Int32](repeating: 0, count: 1 << 12)
    private var hashes: [UInt32] = []

    var count: Int { starts.count - 1 }

    subscript(number: Int) -> String { String(decoding: text[starts[number]..<starts[number + 1]], as: UTF8.self) }

    /// The number of a word; a new one gets the next. Nil if there are too many.
    mutating func number(of word: [UInt8]) -> Int32? {
        let hash = Self.hash(word)
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = Int(slots[slot] - 1)
            if hashes[number] == hash, isWord(number, word) { return Int32(number) }
            slot = (slot + 1) & (slots.count - 1)
        }
        guard count < 1 << 29 else { return nil }
        slots[slot] = Int32(count + 1)
        hashes.append(hash)
        text += word
        starts.append(text.count)
        if 2 * count > slots.count { grow() }
        return Int32(count - 1)
    }

    /// The number of a word that is there already; nil if it is not.
    func known(_ word: String) -> Int32? {
        let word = [UInt8](word.utf8)
        let hash = Self.hash(word)
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = Int(slots[slot] - 1)
            if hashes[number] == hash, isWord(number, word) { return Int32(number) }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private static func hash(_ word: [UInt8]) -> UInt32 {
        var hash: UInt32 = 2_166_136_261  // FNV-1a: G. Fowler, L. Noll, P. Vo, 1991
        for byte in word { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return hash ^ hash >> 15
    }

    private func isWord(_ number: Int, _ word: [UInt8]) -> Bool {
        let start = starts[number]
        guard starts[number + 1] - start == word.count else { return false }
        for place in 0..<word.count where text[start + place] != word[place] { return false }
        return true
    }

    private mutating func grow() {
        slots = [Int32](repeating: 0, count: 2 * slots.count)
        for (number, hash) in hashes.enumerated() {
            var slot = Int(hash) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(number + 1)
        }
    }
}
