using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Fairlead.Logs;

namespace Fairlead.Patterns.Stores;

/// <summary>Keeps what a publisher has published in a log.</summary>
/// <remarks>
/// <code>
/// a record:   0    8 bytes: the epoch, a random number of the publisher that has written it
///             8    2 bytes: the length of the topic
///            10    the topic, in UTF-8
///            ..    the payload
/// </code>
/// <para>
/// Numbers are little endian. The named position <c>publisher</c> of the log is held by the publisher, so no second one can use the store.
/// It follows the end, and keeps nothing from being removed.
/// </para>
/// <para>Appends are made one at a time, by the caller's lock. Any thread reads.</para>
/// </remarks>
internal sealed class PublicationStore : IDisposable
{
    private const string PositionName = "publisher";
    private const int HeadBytes = sizeof(ulong) + sizeof(ushort);

    /// <summary>The position is saved after so many messages: each time is a system call.</summary>
    private const int SavedAfter = 256;

    private readonly MappedLog _log;
    private readonly LogFollower _position;
    private readonly ulong _epoch = BinaryPrimitives.ReadUInt64LittleEndian(Guid.NewGuid().ToByteArray());
    private long _last;
    private long _saved;

    private PublicationStore(MappedLog log, LogFollower position) => (_log, _position) = (log, position);

    /// <summary>The place of the last message. Its epoch may be another's, if this publisher has published nothing yet.</summary>
    public PublishedPosition Last { get; private set; }

    /// <summary>Opens a store, or creates it.</summary>
    /// <exception cref="FairleadException">
    /// AlreadyExists: another publisher uses it. Incompatible: the log has records that are not those of a publisher. As for any log.
    /// </exception>
    public static PublicationStore Open(Address place) => OwnedLog.Open(place, null, PositionName, (log, position) =>
    {
        PublicationStore store = new(log, position);
        store.Begin(place);
        return store;
    });

    /// <summary>Appends a message.</summary>
    /// <exception cref="FairleadException">Full: the disk is full. TooLarge: the message is longer than a segment of the log.</exception>
    public PublishedPosition Append(string topic, ReadOnlySpan<byte> payload)
    {
        int topicLength = Encoding.UTF8.GetByteCount(topic);
        int length = HeadBytes + topicLength + payload.Length;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            BinaryPrimitives.WriteUInt64LittleEndian(buffer, _epoch);
            BinaryPrimitives.WriteUInt16LittleEndian(buffer.AsSpan(sizeof(ulong)), (ushort)topicLength);
            Encoding.UTF8.GetBytes(topic, buffer.AsSpan(HeadBytes));
            payload.CopyTo(buffer.AsSpan(HeadBytes + topicLength));
            _last = _log.Append(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        Last = new PublishedPosition(_epoch, _last);
        if (_last - _saved >= SavedAfter)
        {
            Save();
        }

        return Last;
    }

    /// <summary>Returns the number of the first of the last messages; 0: of all that there are. Same lock as
    /// <see cref="Append"/>.</summary>
    public long StartOf(long count) => count >= _last ? 0 : _last - count + 1;

    /// <summary>Begins to read with one of the last messages. Those that were removed are not missed.</summary>
    /// <param name="start">From <see cref="StartOf"/>.</param>
    public PublicationReader ReadLast(long start) =>
        start == 0 ? ReadAll() : new PublicationReader(_log.Follow(LogStart.At(start)), first: 0);

    /// <summary>Begins to read behind a message.</summary>
    public PublicationReader ReadBehind(PublishedPosition seen)
    {
        if (seen.Number <= 0)
        {
            return ReadAll();
        }

        using LogFollower place = _log.Follow(LogStart.At(seen.Number));
        if (place.TryRead(out LogRecord record) && (record.Sequence > seen.Number || EpochOf(record.Span) == seen.Epoch))
        {
            // It is there, or was removed, and perhaps some behind it.
            return ReadFrom(seen.Number + 1);
        }

        // The machine has lost the last messages in a crash, or the log has been replaced.
        return LastOf(seen) is { } last ? ReadFrom(last + 1) : ReadAll();
    }

    /// <summary>Begins to read with a record, or with the oldest one if it is not there any more.</summary>
    public PublicationReader ReadFrom(long number) => new(_log.Follow(LogStart.At(number)), number);

    /// <summary>Returns what is in a record; null: it is not a publisher's.</summary>
    public static StoredMessage? Decode(in LogRecord record)
    {
        ReadOnlySpan<byte> bytes = record.Span;
        if (bytes.Length < HeadBytes)
        {
            return null;
        }

        int topicLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes[sizeof(ulong)..]);
        return topicLength == 0 || topicLength > bytes.Length - HeadBytes
            ? null
            : new StoredMessage(
                new PublishedPosition(EpochOf(bytes), record.Sequence),
                Encoding.UTF8.GetString(bytes.Slice(HeadBytes, topicLength)),
                bytes[(HeadBytes + topicLength)..].ToArray());
    }

    public void Dispose()
    {
        Save();
        _position.Dispose();
        _log.Dispose();
    }

    private PublicationReader ReadAll() => new(_log.Follow(LogStart.Oldest), first: 0);

    private static ulong EpochOf(ReadOnlySpan<byte> record) =>
        record.Length < HeadBytes ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(record);

    private void Begin(Address place)
    {
        _last = _saved = _log.Info().Next - 1;
        if (_last == 0)
        {
            return;
        }

        using LogFollower end = _log.Follow(LogStart.At(_last));
        if (end.TryRead(out LogRecord record))
        {
            Last = Decode(record)?.Position ?? throw new FairleadException(
                ErrorCode.Incompatible,
                $"record {record.Sequence} is not one of a publisher",
                "Give the publisher a log of its own: PublisherOptions.Store.")
            {
                Address = place,
            };
        }
        else
        {
            // The last record was cut off, in a crash of the machine.
            Last = Readable().LastOrDefault();
        }

        Save();
    }

    private IEnumerable<PublishedPosition> Readable()
    {
        using LogFollower reader = _log.Follow(LogStart.Oldest);
        while (reader.TryRead(out LogRecord record))
        {
            yield return new PublishedPosition(EpochOf(record.Span), record.Sequence);
        }
    }

    /// <summary>Returns the number of the last record of the same epoch that is not behind the message; null: there is none.</summary>
    private long? LastOf(PublishedPosition seen)
    {
        long last = Readable().TakeWhile(one => one.Number <= seen.Number).LastOrDefault(one => one.Epoch == seen.Epoch).Number;
        return last == 0 ? null : last;
    }

    private void Save()
    {
        try
        {
            _saved = _last;
            _position.TryCommit(_last + 1);
        }
        catch (FairleadException error) when (error.Code is ErrorCode.Full or ErrorCode.Unavailable)
        {
            // The log keeps more than it must, until the next time.
        }
    }
}
