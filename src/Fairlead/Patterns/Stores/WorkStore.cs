using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Fairlead.Logs;

namespace Fairlead.Patterns.Stores;

/// <summary>Keeps the items of a work queue in a log until they have ended.</summary>
/// <remarks>
/// <code>
/// a record:   0       kind     1: an item   2: an item that was moved here   3: items that have ended
///             1 ..    1        the payload
///                     2        8 bytes: the number of the record that it replaces
///             9 ..    2        8 bytes: the number of the record that held the item first; the payload
///                     3        8 bytes each: the numbers of their records
/// </code>
/// <para>
/// Numbers are little endian. The named position <c>work-queue</c> of the log stands at the oldest record of an item that has not ended:
/// the log keeps everything from there on, and removes older segments. A queue holds that position, so no second one can use the store.
/// When few old items keep many segments alive, they are moved: written once more at the end.
/// </para>
/// <para>
/// Owns the log, the position and the items that have not ended, under its gate, in which records are appended. Any thread. An item is on
/// the disk when <see cref="Sync"/> has returned. That an item has ended need not be: after a crash of the machine it is done once more.
/// </para>
/// </remarks>
internal sealed class WorkStore : IDisposable
{
    private const string PositionName = "work-queue";
    private const byte Item = 1;
    private const byte MovedItem = 2;
    private const byte EndedItems = 3;
    private const int NumberBytes = sizeof(long);

    private const long UsualSegment = 16 << 20;

    /// <summary>What a record takes beyond its content, about.</summary>
    private const int RecordOverhead = 40;

    /// <summary>Items are moved when the log holds more than so many segments, and so many times as much as they need.</summary>
    private const int SparseSegments = 3;
    private const int SparseRatio = 4;

    /// <summary>The most items that are moved at one time.</summary>
    private const int MovedTogether = 100;

    /// <summary>The most items that one record says have ended: it fits into the smallest segment.</summary>
    private const int EndedTogether = 1000;

    /// <summary>The position is saved after so many parts of a segment have ended: each time is a system call.</summary>
    private const int SavesPerSegment = 16;

    private readonly MappedLog _log;
    private readonly LogFollower _position;
    private readonly long _segment;
    private readonly RankedLock _gate = new(LockRank.WorkStore);
    private readonly SortedDictionary<long, StoredItem> _live = [];
    private readonly List<long> _unwritten = [];

    // The last record, what was appended, and what the items that have not ended need of it.
    private long _last;
    private long _appended;
    private long _needed;

    // Since the position was saved last.
    private long _ended;

    // The oldest record whose item was moved, until the new one is on the disk.
    private long? _movedFrom;
    private bool _isDisposed;

    private WorkStore(MappedLog log, LogFollower position, long segment) =>
        (_log, _position, _segment) = (log, position, segment);

    /// <summary>The items that had not ended when the queue before this one did, with their payloads. The caller takes them once.</summary>
    public IReadOnlyList<(StoredItem Item, byte[] Payload)> Recovered { get; private set; } = [];

    /// <summary>Opens a store, or creates it, and reads what is in it.</summary>
    /// <param name="place">The address of the log. Its only option is <c>segment</c>.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: another work queue uses it. Incompatible: the log has records that are not those of a work queue. As for any log.
    /// </exception>
    public static WorkStore Open(Address place)
    {
        place.RequireKnown(["segment"]);

        // Segments that no item needs are removed when the next one is begun.
        MappedLog log = MappedLog.Open(place, new LogOptions { SegmentSize = UsualSegment, MaxSize = 1 });
        LogFollower? position = null;
        try
        {
            position = log.Follow(PositionName);
            WorkStore store = new(log, position, place.Size("segment") ?? UsualSegment);
            store.Recover(place);
            return store;
        }
        catch (FairleadException error) when (error.Address is null)
        {
            position?.Dispose();
            log.Dispose();
            throw error.At(place);
        }
        catch
        {
            position?.Dispose();
            log.Dispose();
            throw;
        }
    }

    /// <summary>Appends an item. It is on the disk after the next <see cref="Sync"/>.</summary>
    /// <exception cref="FairleadException">Full: the disk is full. TooLarge: the item is longer than a segment of the log.</exception>
    public StoredItem Add(ReadOnlySpan<byte> payload)
    {
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            StoredItem item = new(payload.Length) { Offset = _appended };
            item.Number = item.First = Append(Item, default, payload);
            Note(item);
            return item;
        }
    }

    /// <summary>Writes everything that was added to the disk. Blocks for the disk.</summary>
    /// <exception cref="FairleadException">Unavailable, Full: the disk reports an error.</exception>
    public void Sync()
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            MoveOldItems();
        }

        _log.Sync();
        using (_gate.Hold())
        {
            _movedFrom = null;
        }
    }

    /// <summary>
    /// Notes that an item has ended. What cannot be written now is written with the next ones, or at the end. If that fails, too, the item
    /// is done once more.
    /// </summary>
    public void End(StoredItem item)
    {
        using (_gate.Hold())
        {
            if (_isDisposed || !_live.Remove(item.Number))
            {
                return;
            }

            _needed -= item.Length + RecordOverhead;
            _ended += item.Length + RecordOverhead;
            _unwritten.Add(item.Number);
            TryWriteEnded();
            if (_ended >= _segment / SavesPerSegment)
            {
                SavePosition();
            }
        }
    }

    /// <summary>Closes the store. Items that have not ended are there for the next queue.</summary>
    public void Dispose()
    {
        using (_gate.Hold())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            TryWriteEnded();
            SavePosition();
        }

        _position.Dispose();
        _log.Dispose();
    }

    private void Recover(Address place)
    {
        // By the record that holds the item now.
        SortedDictionary<long, (StoredItem Item, byte[] Payload)> items = [];
        while (_position.TryRead(out LogRecord record))
        {
            ReadOnlySpan<byte> bytes = record.Span;
            if (!IsKnown(bytes))
            {
                throw new FairleadException(
                    ErrorCode.Incompatible,
                    $"record {record.Sequence} is not one of a work queue",
                    "Give the work queue a log of its own: WorkQueueOptions.Store.")
                {
                    Address = place,
                };
            }

            int head = HeadOf(bytes);
            for (int at = 1; bytes[0] == EndedItems && at < bytes.Length; at += NumberBytes)
            {
                items.Remove(BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]));
            }

            if (bytes[0] == MovedItem)
            {
                items.Remove(BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]));
            }

            if (bytes[0] != EndedItems)
            {
                StoredItem item = new(bytes.Length - head)
                {
                    Number = record.Sequence,
                    First = bytes[0] == Item ? record.Sequence : BinaryPrimitives.ReadInt64LittleEndian(bytes[(1 + NumberBytes)..]),
                    Offset = _appended,
                };
                items[item.Number] = (item, bytes[head..].ToArray());
            }

            _last = record.Sequence;
            _appended += bytes.Length + RecordOverhead;
        }

        using (_gate.Hold())
        {
            foreach ((StoredItem item, _) in items.Values)
            {
                Note(item);
            }

            SavePosition();
        }

        Recovered = [.. items.Values.OrderBy(static kept => kept.Item.First)];
    }

    private static bool IsKnown(ReadOnlySpan<byte> record) => record is [Item or MovedItem or EndedItems, ..]
        && record.Length >= HeadOf(record)
        && (record[0] != EndedItems || (record.Length - 1) % NumberBytes == 0);

    /// <summary>The length of what is before the payload.</summary>
    private static int HeadOf(ReadOnlySpan<byte> record) => record[0] == MovedItem ? 1 + (2 * NumberBytes) : 1;

    private void Note(StoredItem item)
    {
        _live[item.Number] = item;
        _needed += item.Length + RecordOverhead;
    }

    private long Append(byte kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        int length = 1 + head.Length + payload.Length;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            buffer[0] = kind;
            head.CopyTo(buffer.AsSpan(1));
            payload.CopyTo(buffer.AsSpan(1 + head.Length));
            _last = _log.Append(buffer.AsSpan(0, length));
            _appended += length + RecordOverhead;
            return _last;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Appends which items have ended. Without room on the disk they are kept for the next time.</summary>
    private void TryWriteEnded()
    {
        while (_unwritten.Count > 0)
        {
            int count = Math.Min(_unwritten.Count, EndedTogether);
            if (TryAppend(EndedItems, default, MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_unwritten)[..count])) is null)
            {
                return;
            }

            _unwritten.RemoveRange(0, count);
        }
    }

    /// <summary>Appends a record that can wait; null: there is no room now.</summary>
    private long? TryAppend(byte kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        try
        {
            return Append(kind, head, payload);
        }
        catch (FairleadException error) when (IsPassing(error))
        {
            // The queue tells of it when it cannot store the next item.
            return null;
        }
    }

    /// <summary>Whether it may succeed later: the disk is full, or reports an error.</summary>
    private static bool IsPassing(FairleadException error) => error.Code is ErrorCode.Full or ErrorCode.Unavailable;

    /// <summary>Lets the log remove what no item needs.</summary>
    private void SavePosition()
    {
        long oldest = _live.Count > 0 ? _live.First().Key : _last + 1;
        _ended = 0;
        try
        {
            _position.TryCommit(Math.Min(oldest, _movedFrom ?? oldest));
        }
        catch (FairleadException error) when (IsPassing(error))
        {
            // The log keeps more than is needed, until the next time.
        }
    }

    /// <summary>Writes old items once more if they keep many segments alive, and if there is room.</summary>
    private void MoveOldItems()
    {
        long held = _live.Count > 0 ? _appended - _live.First().Value.Offset : 0;
        if (held < SparseSegments * _segment || held < SparseRatio * _needed)
        {
            return;
        }

        foreach (StoredItem item in _live.Values.Take(MovedTogether).ToArray())
        {
            using LogFollower reader = _log.Follow(LogStart.At(item.Number));
            if (!reader.TryRead(out LogRecord record) || record.Sequence != item.Number)
            {
                return;
            }

            long offset = _appended;
            ReadOnlySpan<long> replaced = [item.Number, item.First];
            if (TryAppend(MovedItem, MemoryMarshal.AsBytes(replaced), record.Span[HeadOf(record.Span)..]) is not { } number)
            {
                return;
            }

            _movedFrom ??= item.Number;
            _live.Remove(item.Number);
            (item.Number, item.Offset) = (number, offset);
            _live[number] = item;
        }
    }
}
