using System.Buffers;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Shared;

/// <summary>The payload of a message that is sent: one buffer, or several that are joined where the message lies.</summary>
internal readonly ref struct OutgoingPayload
{
    private readonly ReadOnlySequence<byte> _parts;

    /// <param name="span">The only buffer.</param>
    public OutgoingPayload(ReadOnlySpan<byte> span)
    {
        Span = span;
        Length = span.Length;
    }

    /// <param name="parts">The buffers, in their order.</param>
    public OutgoingPayload(in ReadOnlySequence<byte> parts)
    {
        IsGathered = !parts.IsSingleSegment;
        if (IsGathered)
        {
            _parts = parts;
        }
        else
        {
            Span = parts.FirstSpan;
        }

        // Cut to a length that every check rejects as too long.
        Length = (int)Math.Min(parts.Length, EndpointSettings.NoLimit);
    }

    /// <summary>Whether there are several buffers.</summary>
    public bool IsGathered { get; }

    /// <summary>The only buffer.</summary>
    public ReadOnlySpan<byte> Span { get; }

    /// <summary>Several buffers.</summary>
    public ReadOnlySequence<byte> Parts => _parts;

    /// <summary>The length in bytes, of all buffers together.</summary>
    public int Length { get; }

    public static implicit operator OutgoingPayload(ReadOnlySpan<byte> span) => new(span);

    public static implicit operator OutgoingPayload(Span<byte> span) => new(span);

    public static implicit operator OutgoingPayload(byte[] bytes) => new((ReadOnlySpan<byte>)bytes);

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
