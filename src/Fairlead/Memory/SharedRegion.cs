using System.Globalization;
using System.Runtime.CompilerServices;
using Fairlead.Memory.Backing;

namespace Fairlead.Memory;

/// <summary>
/// Memory that several processes share: an unnamed memory file (<see cref="Create"/>), a named region (<see cref="Open(string, long)"/>), a
/// POSIX segment, a file, or a System V segment. New memory is zeroed. Its users must agree on its content and synchronize access: the
/// kernel does not order it.
/// </summary>
/// <remarks>
/// Any number of threads may use it. Disposing detaches this process; do not use references and spans into the region afterwards: a touch
/// ends the process. So does touching memory whose file another program has truncated. Opening may block while the space is allocated;
/// nothing else blocks.
/// </remarks>
public sealed unsafe partial class SharedRegion : IDisposable
{
    private readonly RegionMemory _memory;
    private volatile bool _disposed;

    internal SharedRegion(RegionMemory memory) => _memory = memory;

    /// <summary>The size in bytes, as requested at creation.</summary>
    public long Size => _memory.Size;

    /// <summary>The name of a named region, a cell or a POSIX segment; otherwise <see langword="null"/>.</summary>
    public string? Name => _memory.Name;

    /// <summary>
    /// The path by which other processes find it. For a region of <see cref="Create"/>, <c>/proc/PID/fd/N</c>, which
    /// <see cref="Attach(string)"/> accepts while this process has it open. <see langword="null"/> for a System V segment.
    /// </summary>
    public string? Path => _memory.Path;

    /// <summary>Whether this call created it, rather than finding it.</summary>
    public bool IsNew => _memory.IsNew;

    /// <summary>A description for people, as errors use it.</summary>
    public string Description => _memory.Description;

    internal bool IsDisposed => _disposed;

    /// <summary>The memory, mapped until its last user has released it.</summary>
    internal RegionMemory Memory => _memory;

    /// <summary>
    /// Returns a reference to the value at an offset, in the shared memory itself. Other processes may change it at any time; use
    /// <see cref="Volatile"/> and <see cref="Interlocked"/> for ordered and atomic access.
    /// </summary>
    /// <typeparam name="T">A type without references. All programs must agree on its layout.</typeparam>
    /// <param name="offset">The offset in bytes from the start of the region; a multiple of the type's alignment.</param>
    /// <returns>The reference, valid until this region is disposed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The value does not fit into the region at this offset.</exception>
    /// <exception cref="ArgumentException">The offset is not aligned for the type.</exception>
    /// <exception cref="ObjectDisposedException">The region has been disposed.</exception>
    public ref T At<T>(long offset)
        where T : unmanaged => ref Unsafe.AsRef<T>(Locate<T>(offset, 1));

    /// <summary>Returns several values in a row, in the shared memory itself, like <see cref="At"/>.</summary>
    /// <typeparam name="T">A type without references.</typeparam>
    /// <param name="offset">The offset in bytes from the start of the region; a multiple of the type's alignment.</param>
    /// <param name="count">The number of values.</param>
    /// <returns>The span, valid until this region is disposed.</returns>
    /// <inheritdoc cref="At" path="/exception"/>
    public Span<T> Span<T>(long offset, int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new Span<T>(Locate<T>(offset, count), count);
    }

    /// <summary>
    /// Opens a cell in this region: one writer, many readers, never a torn value. The first user settles the size of its values; all-zero
    /// memory is an empty cell.
    /// </summary>
    /// <typeparam name="T">A type without references.</typeparam>
    /// <param name="offset">
    /// The offset in bytes from the start of the region; a multiple of 64. The cell takes <see cref="SharedCell{T}.SizeInRegion"/> bytes.
    /// </param>
    /// <returns>The cell, to be disposed separately; valid until this region is disposed.</returns>
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
                string.Create(CultureInfo.InvariantCulture, $"A cell of {size} bytes does not fit: the region has {Size} bytes."));
        }

        if (offset % CellLayout.Alignment != 0)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{offset} is not a multiple of {CellLayout.Alignment}: align the cell."),
                nameof(offset));
        }

        ThrowIfDisposed();
        return new SharedCell<T>(this, offset, ownsRegion: false);
    }

    /// <summary>
    /// Checks that the memory is still what was opened: its name refers to it, its file is not truncated, its header is complete. Takes a
    /// few system calls. A System V segment cannot be checked.
    /// </summary>
    /// <exception cref="FairleadException">Corrupt: it is not; the message says what is wrong.</exception>
    /// <exception cref="ObjectDisposedException">The region has been disposed.</exception>
    public void Verify()
    {
        ThrowIfDisposed();
        _memory.Verify();
    }

    /// <summary>Detaches this process. Named regions, files and segments stay; unnamed memory disappears with its last user.</summary>
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
        return RegionPlace.Of<T>(_memory, offset, count);
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);
}
