using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fairlead.Memory.Backing;
using Fairlead.Native;

namespace Fairlead.Memory;

/// <summary>
/// Memory that several processes share: a memory file without a name (<see cref="Create"/>), a region by name
/// (<see cref="Open(string, long)"/>), a POSIX segment, a file, or a System V segment. Zeroed when it is made. What lies in it is its
/// users' business: the kernel keeps no order among them.
/// </summary>
/// <remarks>
/// Any number of threads may use it. Disposing detaches this process; references and spans into it must not be used any more then, as
/// little as into an array that has been given back: a touch ends the process. So does touching memory whose file somebody else has cut.
/// Opening may block for as long as the space takes to allocate, nothing else blocks.
/// </remarks>
public sealed unsafe partial class SharedRegion : IDisposable
{
    private readonly RegionMemory _memory;
    private volatile bool _disposed;

    internal SharedRegion(RegionMemory memory) => _memory = memory;

    /// <summary>In bytes, as asked for when it was made.</summary>
    public long Size => _memory.Size;

    /// <summary>The name by which it was opened: of a named region, a cell or a POSIX segment; else <see langword="null"/>.</summary>
    public string? Name => _memory.Name;

    /// <summary>
    /// Where others find it among the files: for a region of <see cref="Create"/> <c>/proc/PID/fd/N</c>, which <see cref="Attach(string)"/>
    /// takes as long as this process has it open. <see langword="null"/> for a System V segment.
    /// </summary>
    public string? Path => _memory.Path;

    /// <summary>Whether this call has made it, and did not find it.</summary>
    public bool IsNew => _memory.IsNew;

    /// <summary>What it is, for people, as errors name it.</summary>
    public string Description => _memory.Description;

    internal bool IsDisposed => _disposed;

    /// <summary>The memory, mapped until its last user has let go of it.</summary>
    internal RegionMemory Memory => _memory;

    /// <summary>
    /// The value at an offset, in the shared memory itself. Other processes change it at any time; order and whole values come from
    /// <see cref="Volatile"/> and <see cref="Interlocked"/>.
    /// </summary>
    /// <typeparam name="T">A type without references. All programs must agree on its layout.</typeparam>
    /// <param name="offset">In bytes from the beginning; a multiple of the type's alignment.</param>
    /// <returns>Good until this region is disposed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie in the region whole.</exception>
    /// <exception cref="ArgumentException">The offset is not aligned for the type.</exception>
    /// <exception cref="ObjectDisposedException">The region has been disposed.</exception>
    public ref T At<T>(long offset)
        where T : unmanaged => ref Unsafe.AsRef<T>(Locate<T>(offset, 1));

    /// <summary>Several values in a row, in the shared memory itself, as <see cref="At"/>.</summary>
    /// <typeparam name="T">A type without references.</typeparam>
    /// <param name="offset">In bytes from the beginning; a multiple of the type's alignment.</param>
    /// <param name="count">How many values.</param>
    /// <returns>Good until this region is disposed.</returns>
    /// <inheritdoc cref="At" path="/exception"/>
    public Span<T> Span<T>(long offset, int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new Span<T>(Locate<T>(offset, count), count);
    }

    /// <summary>
    /// A cell in this region: one writer, many readers, never a torn value. The first who opens it settles the size of its values; memory
    /// that is zero is an empty cell.
    /// </summary>
    /// <typeparam name="T">A type without references.</typeparam>
    /// <param name="offset">In bytes from the beginning; a multiple of 64. It takes <see cref="SharedCell{T}.SizeInRegion"/> bytes.</param>
    /// <returns>To be disposed on its own. Good until this region is disposed.</returns>
    /// <exception cref="FairleadException">
    /// Incompatible: the cell has values of another size. Corrupt: the memory at the offset holds something else.
    /// </exception>
    /// <inheritdoc cref="At" path="/exception"/>
    public SharedCell<T> Cell<T>(long offset)
        where T : unmanaged
    {
        long size = CellLayout.Size(sizeof(T));
        if (offset < 0 || size > Size || offset > Size - size)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset),
                offset,
                string.Create(CultureInfo.InvariantCulture, $"A cell of {size} bytes does not lie whole in {Size}."));
        }

        if (offset % CellLayout.Alignment != 0)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{offset} is not a multiple of {CellLayout.Alignment}, at which cells lie."),
                nameof(offset));
        }

        ThrowIfDisposed();
        return new SharedCell<T>(this, offset, ownsRegion: false);
    }

    /// <summary>
    /// Asks whether the memory is still what was opened: its name still leads to it, its file has not been cut, its header is whole. Costs
    /// some system calls. Of a System V segment nothing can be asked.
    /// </summary>
    /// <exception cref="FairleadException">Corrupt: it is not; the message says what is wrong.</exception>
    /// <exception cref="ObjectDisposedException">The region has been disposed.</exception>
    public void Verify()
    {
        ThrowIfDisposed();
        _memory.Verify();
    }

    /// <summary>Detaches this process. Named regions, files and segments stay; memory without a name goes with its last user.</summary>
    public void Dispose()
    {
        _disposed = true;
        _memory.Dispose();
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => Description;

    private T* Locate<T>(long offset, int count)
        where T : unmanaged
    {
        ThrowIfDisposed();
        long length = (long)count * sizeof(T);
        if (offset < 0 || length > Size || offset > Size - length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset),
                offset,
                string.Create(CultureInfo.InvariantCulture, $"{length} bytes at {offset} do not lie whole in the {Size} of {Description}.")
            );
        }

        byte* place = _memory.Start + offset;
        int alignment = AlignmentOf<T>.Value;
        return (nuint)place % (nuint)alignment == 0
            ? (T*)place
            : throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture, $"{offset} is not a multiple of {alignment}, the alignment of {typeof(T).Name}."),
                nameof(offset));
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);

    // As the runtime itself lays a T behind one byte.
    private static class AlignmentOf<T>
        where T : unmanaged
    {
        public static readonly int Value = sizeof(BehindByte<T>) - sizeof(T);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct BehindByte<T>
        where T : unmanaged
    {
        public byte First;
        public T Value;
    }
}
