using System.Buffers;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Shared;

/// <summary>The payload of a message that is sent: one buffer, or several that are joined where the message lies.</summary>
/// <remarks>
/// A span is copied if the message has to wait. An operation borrows memory and several buffers, and their owner does not change them until
/// it ends.
/// </remarks>
internal readonly ref struct OutgoingPayload
{
    private readonly ReadOnlySequence<byte> _parts;
    private readonly ReadOnlyMemory<byte> _memory;

    /// <param name="span">The only buffer.</param>
    public OutgoingPayload(ReadOnlySpan<byte> span)
    {
        Span = span;
        Length = span.Length;
    }

    /// <param name="memory">The only buffer, which may be borrowed.</param>
    public OutgoingPayload(ReadOnlyMemory<byte> memory)
    {
        _memory = memory;
        Span = memory.Span;
        Length = Span.Length;
        IsBorrowable = true;
    }

    /// <param name="parts">The buffers in their order, which may be borrowed.</param>
    public OutgoingPayload(in ReadOnlySequence<byte> parts)
    {
        IsBorrowable = true;
        IsGathered = !parts.IsSingleSegment;
        if (IsGathered)
        {
            _parts = parts;
        }
        else
        {
            _memory = parts.First;
            Span = parts.FirstSpan;
        }

        // Cut to a length that every check rejects as too long.
        Length = (int)Math.Min(parts.Length, EndpointSettings.NoLimit);
    }

    /// <summary>Whether there are several buffers.</summary>
    public bool IsGathered { get; }

    /// <summary>Whether an operation may borrow the payload instead of copying it.</summary>
    public bool IsBorrowable { get; }

    /// <summary>The only buffer.</summary>
    public ReadOnlySpan<byte> Span { get; }

    /// <summary>The only buffer, if it may be borrowed.</summary>
    public ReadOnlyMemory<byte> Memory => _memory;

    /// <summary>Several buffers.</summary>
    public ReadOnlySequence<byte> Parts => _parts;

    /// <summary>The length in bytes, of all buffers together.</summary>
    public int Length { get; }

    public static implicit operator OutgoingPayload(ReadOnlySpan<byte> span) => new(span);

    public static implicit operator OutgoingPayload(Span<byte> span) => new(span);

    public static implicit operator OutgoingPayload(ReadOnlyMemory<byte> memory) => new(memory);

    public static implicit operator OutgoingPayload(byte[] bytes) => new(new ReadOnlyMemory<byte>(bytes));

    public static implicit operator OutgoingPayload(in ReadOnlySequence<byte> parts) => new(parts);

    /// <summary>Copies the payload, in its order.</summary>
    public void CopyTo(Span<byte> destination)
    {
        if (IsGathered)
        {
            _parts.CopyTo(destination);
        }
        else
        {
            Span.CopyTo(destination);
        }
    }
}
