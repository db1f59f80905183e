using System.Runtime.CompilerServices;
using Fairlead.Memory.Backing;

namespace Fairlead.Memory;

/// <summary>
/// Memory of another program that this one may only read: a System V segment, a POSIX segment or a file. It needs no permission to write,
/// so a segment of mode 0644 of another user will do. To write too, open a <see cref="SharedRegion"/>.
/// </summary>
/// <remarks>
/// The kernel maps the pages read-only, and all members return values and spans that C# cannot write to. Code that casts that away and
/// writes ends its process. Any number of threads may use it. Disposing detaches this process; do not use references and spans into the
/// region afterwards: a touch ends the process. So does touching memory whose file another program has truncated.
/// </remarks>
public sealed unsafe class ReadOnlyRegion : IDisposable
{
    private readonly RegionMemory _memory;
    private volatile bool _disposed;

    private ReadOnlyRegion(RegionMemory memory) => _memory = memory;

    /// <summary>The size in bytes, as the other program created it.</summary>
    public long Size => _memory.Size;

    /// <summary>The name of a POSIX segment; otherwise <see langword="null"/>.</summary>
    public string? Name => _memory.Name;

    /// <summary>The path of the file; <see langword="null"/> for a System V segment.</summary>
    public string? Path => _memory.Path;

    /// <summary>A description for people, as errors use it.</summary>
    public string Description => _memory.Description;

    /// <summary>Attaches an existing System V segment by key (<c>shmget</c>, <c>shmat</c> with <c>SHM_RDONLY</c>).</summary>
    /// <param name="key">The key as in C; not 0.</param>
    /// <exception cref="FairleadException">NotFound: it does not exist. PermissionDenied: this user may not read it.</exception>
    public static ReadOnlyRegion OpenSystemV(int key) => new(SystemVRegion.Read(key));

    /// <summary>Opens an existing POSIX segment (<c>shm_open</c> with <c>O_RDONLY</c>).</summary>
    /// <param name="name">The name as in C: <c>/counters</c>.</param>
    /// <exception cref="FairleadException">
    /// NotFound: it does not exist. PermissionDenied: this user may not read it. Corrupt: it has no size yet.
    /// </exception>
    public static ReadOnlyRegion OpenPosix(string name) => new(ForeignRegion.ReadPosix(name));

    /// <summary>Maps an existing file.</summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="FairleadException">
    /// NotFound: it does not exist. PermissionDenied: this user may not read it. Corrupt: it is empty. AlreadyExists: the path belongs to
    /// something that is not a file.
    /// </exception>
    public static ReadOnlyRegion OpenFile(string path) => new(ForeignRegion.ReadFile(path));

    /// <summary>
    /// Returns a reference to the value at an offset, in the shared memory itself. Other processes may change it at any time; use
    /// <see cref="Volatile"/> for ordered access.
    /// </summary>
    /// <typeparam name="T">A type without references. All programs must agree on its layout.</typeparam>
    /// <param name="offset">The offset in bytes from the start of the region; a multiple of the type's alignment.</param>
    /// <returns>The reference, valid until this region is disposed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The value does not fit into the region at this offset.</exception>
    /// <exception cref="ArgumentException">The offset is not aligned for the type.</exception>
    /// <exception cref="ObjectDisposedException">The region has been disposed.</exception>
    public ref readonly T At<T>(long offset)
        where T : unmanaged => ref Unsafe.AsRef<T>(Locate<T>(offset, 1));

    /// <summary>Returns several values in a row, in the shared memory itself, like <see cref="At"/>.</summary>
    /// <typeparam name="T">A type without references.</typeparam>
    /// <param name="offset">The offset in bytes from the start of the region; a multiple of the type's alignment.</param>
    /// <param name="count">The number of values.</param>
    /// <returns>The span, valid until this region is disposed.</returns>
    /// <inheritdoc cref="At" path="/exception"/>
    public ReadOnlySpan<T> Span<T>(long offset, int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new ReadOnlySpan<T>(Locate<T>(offset, count), count);
    }

    /// <summary>Checks that the memory is still what was opened, like <see cref="SharedRegion.Verify"/>.</summary>
    /// <exception cref="FairleadException">Corrupt: it is not; the message says what is wrong.</exception>
    /// <exception cref="ObjectDisposedException">The region has been disposed.</exception>
    public void Verify()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _memory.Verify();
    }

    /// <summary>Detaches this process. The segment or file stays.</summary>
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
        ObjectDisposedException.ThrowIf(_disposed, this);
        return RegionPlace.Of<T>(_memory, offset, count);
    }
}
