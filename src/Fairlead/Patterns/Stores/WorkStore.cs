using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Fairlead.Logs;

namespace Fairlead.Patterns.Stores;

/// <summary>Keeps the items of a work queue in a log until they have ended.</summary>
/// <remarks>
/// <para>
/// Its records are those of <see cref="WorkRecord"/>. The named position <c>work-queue</c> of the log stands at the oldest record of an
/// item that has not ended: the log keeps everything from there on, and removes older segments. A queue holds that position, so no second
/// one can use the store. When few old items keep many segments alive, they are moved: written once more at the end.
/// </para>
/// <para>
/// Owns the log, the position and the items that have not ended, under its gate, in which records are appended. Any thread. An item is on
/// the disk when <see cref="Sync"/> has returned. That an item has ended need not be: after a crash of the machine it is done once more.
/// </para>
/// </remarks>
internal sealed class WorkStore : IDisposable
{
    private const string PositionName = "work-queue";
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
        LogOptions options = new() { SegmentSize = UsualSegment, MaxSize = 1 };
        return OwnedLog.Open(place, options, PositionName, (log, position) =>
        {
            WorkStore store = new(log, position, place.Size("segment") ?? UsualSegment);
            store.Recover(place);
            return store;
        });
    }

    /// <summary>Appends an item. It is on the disk after the next <see cref="Sync"/>.</summary>
    /// <param name="payload">Its payload.</param>
    /// <param name="priority">Its priority.</param>
    /// <param name="notBefore">The time from which on it is handed out, in milliseconds since 1970; 0: none.</param>
    /// <exception cref="FairleadException">Full: the disk is full. TooLarge: the item is longer than a segment of the log.</exception>
    public StoredItem Add(ReadOnlySpan<byte> payload, byte priority = 0, ulong notBefore = 0)
    {
        using (_gate.Hold())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            StoredItem item = new(payload.Length, priority, notBefore) { Offset = _appended };
            Span<byte> head = stackalloc byte[WorkRecord.MostHead];
            item.Number = item.First = Append(WorkRecord.WriteItem(head, item), payload);
            Note(item);
            return item;
        }
    }

    /// <summary>Notes that an item is kept, and not handed out. If that cannot be written, the next queue hands it out.</summary>
    public void GiveUp(StoredItem item, int deliveries, string reason)
    {
        using (_gate.Hold())
        {
            if (!_isDisposed)
            {
                item.GivenUp = (deliveries, reason);
                TryAppendGivenUp(item);
            }
        }
    }

    /// <summary>Notes that an item that was given up is handed out. If that cannot be written, the next queue keeps it.</summary>
    public void Forgive(StoredItem item)
    {
        using (_gate.Hold())
        {
            if (!_isDisposed)
            {
                item.GivenUp = null;
                TryAppend(WorkRecord.WriteForgiven(stackalloc byte[WorkRecord.MostHead], item), default);
            }
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
            if (!WorkRecord.IsKnown(bytes))
            {
                throw new FairleadException(
                    ErrorCode.Incompatible,
                    $"record {record.Sequence} is not one of a work queue",
                    "Give the work queue a log of its own: WorkQueueOptions.Store.")
                {
                    Address = place,
                };
            }

            switch (WorkRecord.KindOf(bytes))
            {
                case WorkRecord.Kind.Item or WorkRecord.Kind.MovedItem:
                    StoredItem item = WorkRecord.ReadItem(bytes, record.Sequence);
                    item.Offset = _appended;
                    if (WorkRecord.KindOf(bytes) == WorkRecord.Kind.MovedItem)
                    {
                        items.Remove(WorkRecord.NumberIn(bytes));
                    }

                    items[item.Number] = (item, WorkRecord.PayloadOf(bytes).ToArray());
                    break;
                case WorkRecord.Kind.EndedItems:
                    for (ReadOnlySpan<byte> ended = bytes[1..]; ended.Length > 0; ended = ended[WorkRecord.NumberBytes..])
                    {
                        items.Remove(BinaryPrimitives.ReadInt64LittleEndian(ended));
                    }

                    break;
                default:
                    if (items.TryGetValue(WorkRecord.NumberIn(bytes), out (StoredItem Item, byte[] Payload) kept))
                    {
                        kept.Item.GivenUp = WorkRecord.ReadGivenUp(bytes);
                    }

                    break;
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

    private void Note(StoredItem item)
    {
        _live[item.Number] = item;
        _needed += item.Length + RecordOverhead;
    }

    /// <param name="head">The record's bytes up to the payload.</param>
    /// <param name="payload">The rest.</param>
    private long Append(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        int length = head.Length + payload.Length;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            head.CopyTo(buffer);
            payload.CopyTo(buffer.AsSpan(head.Length));
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
            Span<byte> numbers = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_unwritten)[..count]);
            if (TryAppend([(byte)WorkRecord.Kind.EndedItems], numbers) is null)
            {
                return;
            }

            _unwritten.RemoveRange(0, count);
        }
    }

    private void TryAppendGivenUp(StoredItem item)
    {
        if (item.GivenUp is { } end)
        {
            TryAppend(WorkRecord.WriteGivenUp(stackalloc byte[WorkRecord.MostHead], item, end.Deliveries), WorkRecord.BytesOf(end.Reason));
        }
    }

    /// <summary>Appends a record that can wait; null: there is no room now.</summary>
    private long? TryAppend(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        try
        {
            return Append(head, payload);
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

        Span<byte> head = stackalloc byte[WorkRecord.MostHead];
        foreach (StoredItem item in _live.Values.Take(MovedTogether).ToArray())
        {
            using LogFollower reader = _log.Follow(LogStart.At(item.Number));
            if (!reader.TryRead(out LogRecord record) || record.Sequence != item.Number)
            {
                return;
            }

            long offset = _appended;
            if (TryAppend(WorkRecord.WriteMoved(head, item), WorkRecord.PayloadOf(record.Span)) is not { } number)
            {
                return;
            }

            _movedFrom ??= item.Number;
            _live.Remove(item.Number);
            (item.Number, item.Offset) = (number, offset);
            _live[number] = item;
            TryAppendGivenUp(item);
        }
    }
}
