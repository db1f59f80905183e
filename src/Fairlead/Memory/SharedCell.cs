using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fairlead.Memory.Backing;
using Fairlead.Native;

namespace Fairlead.Memory;

/// <summary>
/// The newest value of one writer, for any number of readers in any number of processes. Reading never gives half of one value and half of
/// another, takes no lock and does not hold the writer up; nor does a writer that is stopped, or dies in the middle of a write, hold up a
/// reader: it goes on to read the last whole value.
/// </summary>
/// <typeparam name="T">A type without references. All programs must agree on its layout; its size is checked.</typeparam>
/// <remarks>
/// A sequence lock over four slots that are written in turn (docs/design/shared-cell.md). Any number of threads may use it: those that
/// write take turns. Nothing waits in the kernel, except that opening a cell by name may make it.
/// </remarks>
[SuppressMessage(
    "Design",
    "CA1000:Do not declare static members on generic types",
    Justification = "The type says what the cell holds: SharedCell<Position>.Open(\"position\").")]
public sealed unsafe class SharedCell<T> : IDisposable, ICellOwner
    where T : unmanaged
{
    private readonly SharedRegion _region;
    private readonly CellWords _words;
    private readonly long _offset;
    private readonly bool _ownsRegion;
    private readonly RankedLock _writing = new(LockRank.SharedCell);
    private Descriptor? _claim;
    private bool _mayWrite;
    private volatile bool _disposed;

    internal SharedCell(SharedRegion region, long offset, bool ownsRegion)
    {
        _region = region;
        _offset = offset;
        _ownsRegion = ownsRegion;
        _words = new CellWords(region.Memory.Start + offset, sizeof(T));

        Enter();
        try
        {
            _words.Settle(Description);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>How many bytes a cell of this type takes in a region.</summary>
    public static long SizeInRegion => CellLayout.Size(sizeof(T));

    /// <summary>The number of the newest value, counted from 1 since the cell was made; 0: none was ever written.</summary>
    /// <exception cref="ObjectDisposedException">The cell has been disposed.</exception>
    public long Version
    {
        get
        {
            Enter();
            try
            {
                return _words.Done;
            }
            finally
            {
                Exit();
            }
        }
    }

    string ICellOwner.Description => Description;

    private string Description =>
        _ownsRegion ? _region.Description : string.Create(CultureInfo.InvariantCulture, $"the cell at {_offset} of {_region.Description}");

    /// <summary>
    /// Opens the cell of a name, or makes it. It lies where named regions lie, lasts as long, and is removed by
    /// <see cref="SharedRegion.Remove"/>.
    /// </summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>; cells and regions share their names.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: the cell has values of another size, or a region has the name; else as <see cref="SharedRegion.Open(string, long)"/>.
    /// </exception>
    public static SharedCell<T> Open(string name)
    {
        SharedRegion region = new(NamedRegion.Open(name, CellLayout.Size(sizeof(T)), RegionContent.Cell));
        try
        {
            return new SharedCell<T>(region, 0, ownsRegion: true);
        }
        catch
        {
            region.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes the next value; readers see it at once. Never waits for a reader. The first write makes this object the cell's writer, until
    /// it is disposed or its process ends.
    /// </summary>
    /// <param name="value">The value.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: the cell has another writer, which <see cref="FairleadException.Peer"/> names. In a System V segment that is not
    /// noticed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cell has been disposed.</exception>
    public void Write(in T value)
    {
        Enter();
        try
        {
            using (_writing.Hold())
            {
                // Once more: whoever has disposed it meanwhile has let go of the writer's place.
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (!_mayWrite)
                {
                    BecomeWriter();
                }

                _words.Write(in value);
            }
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>
    /// Copies the newest whole value; all zeroes when none was ever written. Looks again only when the writer has written three values and
    /// more during the copy, and yields the processor when that goes on.
    /// </summary>
    /// <exception cref="FairleadException">
    /// Corrupt: the cell's words contradict each other, so that somebody else has written there. Unavailable: the writer was faster 100,000
    /// times in a row.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cell has been disposed.</exception>
    public T Read()
    {
        Enter();
        try
        {
            return Copy(_words.Done, out _);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Copies the newest whole value if it is newer than one that was read before.</summary>
    /// <param name="version">What was read last, at first 0; becomes the version of the copy.</param>
    /// <param name="value">The copy, or nothing.</param>
    /// <returns>Whether there was a newer one. Those between the two were missed.</returns>
    /// <inheritdoc cref="Read" path="/exception"/>
    public bool TryReadNew(ref long version, out T value)
    {
        Enter();
        try
        {
            long done = _words.Done;
            if (done == version)
            {
                value = default;
                return false;
            }

            value = Copy(done, out version);
            return true;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Detaches this process; a writer lets go of the cell, and another may follow. The value stays.</summary>
    public void Dispose()
    {
        using (_writing.Hold())
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            if (_claim is not null)
            {
                OpenFileLock.UnlockByte(_claim, ClaimAt);
                _claim.Dispose();
            }
        }

        // A reader that is inside keeps the memory until it has left.
        if (_ownsRegion)
        {
            _region.Dispose();
        }
    }

    private T Copy(long done, out long version) => CellCopy.Newest<T>(_words, done, out version, this);

    private long ClaimAt => _region.Memory.HeaderSize + _offset;

    private void BecomeWriter()
    {
        if (_region.Memory.File is { } file)
        {
            // An open file of its own for each writer: the lock tells two of one process apart as well, and goes with the process however
            // that ends. The release is in Dispose.
            Descriptor claim =
                NativeFile.Reopen(file, OpenFlags.ReadWrite, out Errno error)
                ?? throw ErrnoMap.Failure($"cannot become the writer of {Description}", error);
            bool taken = false;
            try
            {
                taken = OpenFileLock.TryLockByte(claim, ClaimAt);
            }
            finally
            {
                if (!taken)
                {
                    claim.Dispose();
                }
            }

            if (!taken)
            {
                throw HasWriter();
            }

            _claim = claim;
        }

        _words.WriterProcess = NativeProcess.Id;
        _mayWrite = true;
    }

    private FairleadException HasWriter()
    {
        Peer? writer = _words.WriterProcess is > 0 and var pid
            ? new Peer { ProcessId = pid, Program = NativeProcess.CommandLine(pid) }
            : null;
        return new FairleadException(
            ErrorCode.AlreadyExists,
            $"{Description} has a writer already: {writer?.ToString() ?? "a process that has just begun"}",
            "A cell has one writer: end that one first, or write to another cell.")
        {
            Peer = writer,
        };
    }

    // Keeps the memory mapped until Exit.
    private void Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed || _region.IsDisposed, this);
        bool entered = false;
        _region.Memory.Mapping.DangerousAddRef(ref entered);
    }

    private void Exit() => _region.Memory.Mapping.DangerousRelease();
}
