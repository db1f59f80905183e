using Fairlead.Synchronization;

namespace Fairlead.Memory;

/// <summary>A cell of a board as it was a moment ago.</summary>
/// <param name="Key">Its name on the board.</param>
/// <param name="Type">The name of the type of its values, without namespace, as the program declares it that added the cell.</param>
/// <param name="Size">The size of a value, in bytes.</param>
/// <param name="Layout">The fingerprint of the type's layout: 16 hexadecimal digits.</param>
/// <param name="Version">The number of the newest value, counted from 1; 0: none was ever written.</param>
/// <param name="Writer">The process that writes it, and since when; <see langword="null"/>: none.</param>
/// <param name="WriterDied">Whether the last writer ended without disposing its writer, and no other has followed.</param>
public sealed record BoardCellInfo(string Key, string Type, int Size, string Layout, long Version, LockHolder? Writer, bool WriterDied);
