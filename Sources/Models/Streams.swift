/// Streams of random numbers: which one serves which purpose is declared by who uses it, in an extension. No two share a number.
///
/// Those that number the rows or the parameters that they serve have a range of 2¹⁶ numbers: theirs begin at 0x1_0000.
enum Streams {}
