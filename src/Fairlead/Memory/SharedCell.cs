using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Memory;

/// <summary>
/// The latest value of one writer, for any number of readers in any number of processes. A read never mixes two values, takes no lock and
/// does not delay the writer. A writer that is stopped, or dies in the middle of a write, does not delay readers either: they keep reading
/// the last complete value.
/// </summary>
/// <typeparam name="T">A type without references. All programs must agree on its layout; Fairlead checks its size.</typeparam>
/// <remarks>
/// A sequence lock over four slots, written in turn (docs/design/shared-cell.md). Any number of threads may use it; writing threads take
/// turns. No call waits in the kernel, except that opening a named cell may create its file.
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
            _words.Settle(Description, region.Size - offset);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>The size of a cell of this type in a region, in bytes.</summary>
    public static long SizeInRegion => CellLayout.Size(sizeof(T));

    /// <summary>The number of the latest value, counted from 1 since the cell was created; 0: none yet.</summary>
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
    /// Opens a named cell, or creates it. It is stored and lasts like a named region; <see cref="SharedRegion.Remove"/> removes it.
    /// </summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>; cells and regions share one set of names.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: the values of the cell have another size, or the name belongs to a region. Otherwise as for
    /// <see cref="SharedRegion.Open(string, long)"/>.
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
    /// Writes the next value; readers see it immediately. Never waits for a reader. The first write makes this object the writer of the
    /// cell, until it is disposed or its process ends.
    /// </summary>
    /// <param name="value">The value.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: the cell has another writer, named by <see cref="FairleadException.Peer"/>. A cell in a System V segment cannot
    /// detect that.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cell has been disposed.</exception>
    public void Write(in T value)
    {
        Enter();
        try
        {
            using (_writing.Hold())
            {
                // Check again under the lock: a concurrent Dispose has given up the right to write.
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
    /// Copies the latest complete value; all zeroes before the first write. It retries only if the writer completes three or more writes
    /// during the copy, and yields the processor if that continues.
    /// </summary>
    /// <exception cref="FairleadException">
    /// Corrupt: the words of the cell contradict each other, because something else wrote there. Unavailable: the writer was faster 100,000
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

    /// <summary>Copies the latest complete value if it is newer than the one read before.</summary>
    /// <param name="version">The version read last, 0 at first; set to the version of the copy.</param>
    /// <param name="value">The copy, or the default.</param>
    /// <returns>Whether there was a newer value. Values between the two versions were missed.</returns>
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

    /// <summary>Detaches this process. A writer gives up writing, and another one may follow. The value stays.</summary>
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

        // A read in progress keeps the memory until it ends.
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
            // A separate open file for each writer: the lock distinguishes two writers in one process too, and ends with the process in any
            // case. Dispose releases it.
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
            $"{Description} already has a writer: {writer?.ToString() ?? "a process that has just begun"}",
            "A cell has one writer: end that process first, or write to another cell.")
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
