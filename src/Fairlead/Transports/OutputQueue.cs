using System.Buffers;
using Fairlead.Framing;

namespace Fairlead.Transports;

/// <summary>The output that a stream still has to write, in order.</summary>
/// <remarks>
/// It consists of <c>front</c>, the rest of one long message in its sender's own memory, and <c>back</c>. Not thread-safe; the link's send
/// lock guards it.
/// </remarks>
internal sealed class OutputQueue(StreamFraming framing) : IDisposable
{
    private const int SmallBuffer = 4 * 1024;

    private Buffer _front;
    private Buffer _back;
    private ReadOnlyMemory<byte> _long;
    private int _reserved = -1;

    public bool HasLong { get; private set; }

    public bool IsEmpty { get; private set; } = true;

    /// <summary>The bytes in the queue's own memory.</summary>
    public int Buffered => (int)Math.Min(int.MaxValue, (long)_front.Length + _back.Length);

    public ReadOnlySpan<byte> First => _front.Span;

    public ReadOnlySpan<byte> Second => _long.Span;

    public ReadOnlySpan<byte> Third => HasLong ? _back.Span : default;

    private ref Buffer Tail => ref HasLong ? ref _back : ref _front;

    public Span<byte> Reserve(int bodyLength)
    {
        _reserved = bodyLength;
        Span<byte> room = Tail.Room(framing.PrefixLength + bodyLength + framing.SuffixFor(bodyLength));
        return room.Slice(framing.PrefixLength, bodyLength);
    }

    public void Commit(in MessageHeader header)
    {
        int suffix = framing.SuffixFor(_reserved);
        int whole = framing.PrefixLength + _reserved + suffix;
        Span<byte> frame = Tail.Room(whole)[..whole];
        framing.Write(frame[..framing.PrefixLength], header, frame[(whole - suffix)..]);
        Tail.Added(whole);
        Look();
        _reserved = -1;
    }

    public void BeginLong(in MessageHeader header, ReadOnlySpan<byte> head, ReadOnlyMemory<byte> payload)
    {
        int before = framing.PrefixLength + head.Length;
        Span<byte> room = _front.Room(before)[..before];
        int behind = framing.SuffixFor(header.Length);
        Span<byte> suffix = behind <= 64 ? stackalloc byte[behind] : new byte[behind];
        framing.Write(room[..framing.PrefixLength], header, suffix);
        head.CopyTo(room[framing.PrefixLength..]);
        _front.Added(before);
        HasLong = true;
        _long = payload;
        if (behind > 0)
        {
            suffix.CopyTo(_back.Room(behind));
            _back.Added(behind);
        }

        Look();
    }

    /// <summary>Copies the rest of the long message into the queue's own memory, between front and back.</summary>
    public void DetachLong()
    {
        if (!HasLong)
        {
            return;
        }

        int length = _long.Length + _back.Length;
        Span<byte> room = _front.Room(length);
        _long.Span.CopyTo(room);
        _back.Span.CopyTo(room[_long.Length..]);
        _front.Added(length);
        _back.Removed(_back.Length);
        EndLong();
        Look();
    }

    /// <summary>Removes written bytes, counted over the three parts in order.</summary>
    public void Written(int count)
    {
        int part = Math.Min(count, _front.Length);
        _front.Removed(part);
        count -= part;
        if (HasLong)
        {
            part = Math.Min(count, _long.Length);
            _long = _long[part..];
            _back.Removed(count - part);
            if (_long.IsEmpty && _front.Length == 0)
            {
                EndLong();
                (_front, _back) = (_back, _front);
            }
        }

        Look();
    }

    public void Dispose()
    {
        EndLong();
        _front.Free();
        _back.Free();
        Look();
    }

    /// <summary>Updates <see cref="IsEmpty"/> after each change, because every message checks it.</summary>
    private void Look() => IsEmpty = _front.Length == 0 && !HasLong && _back.Length == 0;

    private void EndLong()
    {
        HasLong = false;
        _long = default;
    }

    /// <summary>Bytes in order in one array: small while idle, large while busy, and returned to the pool when empty.</summary>
    private struct Buffer
    {
        private byte[]? _array;
        private int _start;
        private int _end;

        public readonly int Length => _end - _start;

        public readonly ReadOnlySpan<byte> Span => _array.AsSpan(_start, _end - _start);

        /// <summary>Returns at least this much free memory behind the content.</summary>
        public Span<byte> Room(int size)
        {
            if (_array is null)
            {
                _array = size <= SmallBuffer ? ArrayPool<byte>.Shared.Rent(SmallBuffer) : LargeBuffers.Shared.Rent(size);
            }
            else if (_array.Length - _end < size)
            {
                MakeRoom(size);
            }

            return _array.AsSpan(_end);
        }

        public void Added(int count) => _end += count;

        public void Removed(int count)
        {
            _start += count;
            if (_start == _end)
            {
                _start = _end = 0;
                if (_array is { Length: > SmallBuffer })
                {
                    Free();
                }
            }
        }

        public void Free()
        {
            if (_array is not null)
            {
                Return(_array);
                _array = null;
            }

            _start = _end = 0;
        }

        private static void Return(byte[] array)
        {
            if (array.Length < LargeBuffers.Least)
            {
                ArrayPool<byte>.Shared.Return(array);
                return;
            }

            LargeBuffers.Shared.Return(array);
        }

        private void MakeRoom(int size)
        {
            int length = Length;
            if (_array!.Length >= length + size && _start >= _array.Length / 2)
            {
                _array.AsSpan(_start, length).CopyTo(_array);
            }
            else
            {
                byte[] larger = LargeBuffers.Shared.Rent(
                    checked((int)Math.Max(Math.Min(2L * length, Array.MaxLength), (long)length + size)));
                _array.AsSpan(_start, length).CopyTo(larger);
                Return(_array);
                _array = larger;
            }

            _start = 0;
            _end = length;
        }
    }
}
