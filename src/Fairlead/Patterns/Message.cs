using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <summary>
/// A received message: a lease on the memory in which it arrived. Dispose it to give the memory back; every member throws
/// <see cref="ObjectDisposedException"/> afterwards. Copies of this value are the same message.
/// </summary>
/// <remarks>
/// A type 2 message (<see cref="WantsReceipt"/>) is accepted by <see cref="Accept"/>, by asking a receive loop for the next one, or by the
/// return of a handler. Disposed without that, its sender is told <see cref="DeliveryStatus.NotDelivered"/>.
/// </remarks>
public readonly partial struct Message : IDisposable, IEquatable<Message>
{
    private readonly MessageCore? _core;
    private readonly int _version;

    internal Message(MessageCore core)
    {
        _core = core;
        _version = core.Version;
    }

    /// <summary>The payload, where it lies. Valid until <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Core.PayloadSpan;
    }

    /// <summary>The payload, where it lies. Valid until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => Core.Payload;

    /// <summary>Bytes of the payload.</summary>
    public int Length => Core.Length;

    /// <summary>The payload read as UTF-8, as a new string.</summary>
    public string Text => Encoding.UTF8.GetString(Span);

    /// <summary>Who sent it.</summary>
    public Peer Peer => Core.Link.Peer;

    /// <summary>The topic of a published message, else empty.</summary>
    public string Topic =>
        HeadReader.TryGet(Core.Head, HeadField.Topic, out ReadOnlySpan<byte> topic) ? TopicNames.Of(topic) : "";

    /// <summary>How many messages were dropped before this one, because this end was too slow.</summary>
    public long Missed =>
        HeadReader.TryGet(Core.Head, HeadField.Missed, out ulong missed) ? (long)Math.Min(missed, MissedMessages.Most) : 0;

    /// <summary>Whether somebody else was handed it before and did not accept it.</summary>
    public bool Redelivered => (Core.Header.Flags & MessageFlags.Redelivered) != 0;

    /// <summary>How many times a work queue has handed it to somebody before.</summary>
    public int Deliveries => HeadReader.TryGet(Core.Head, HeadField.Deliveries, out ulong count) ? (int)Math.Min(count, int.MaxValue) : 0;

    /// <summary>The trace that it was sent in, as a remote parent for spans of this side; the default where there is none.</summary>
    public ActivityContext TraceContext => Tracing.Read(Core.Head);

    /// <summary>Whether its sender waits for a receipt.</summary>
    public bool WantsReceipt => Core.Kind == MessageKind.Deliver;

    internal MessageKind Kind => Core.Kind;

    internal MessageCore Core
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ObjectDisposedException.ThrowIf(_core is null, typeof(Message));
            _core.Check(_version);
            return _core;
        }
    }

    /// <summary>Reads the payload as JSON.</summary>
    /// <param name="type">The type's metadata, from a source-generated context.</param>
    /// <exception cref="JsonException">The payload is not such JSON.</exception>
    public T? Read<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Span, type);

    /// <summary>Reads the payload with a serializer.</summary>
    public T Read<T>(IMessageSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        return serializer.Deserialize(Span);
    }

    /// <summary>
    /// Returns the unmanaged value that was sent (<see cref="StructMessageExtensions"/>), where it lies. Valid until <see cref="Dispose"/>.
    /// </summary>
    /// <exception cref="FairleadException">
    /// Incompatible: the message holds a value of another layout, which the error names, or no value at all.
    /// </exception>
    public ref readonly T Value<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>()
        where T : unmanaged
    {
        MessageCore core = Core;
        return ref LayoutMark.Read<T>(core.PayloadSpan, core.Link);
    }

    /// <summary>
    /// Tells the sender of a type 2 message that it is delivered. Once; on other messages, or the second time, nothing happens. Does not
    /// block.
    /// </summary>
    public void Accept() => Answer(Core, ReceiptStatus.Accepted, null);

    /// <summary>Tells the sender of a type 2 message that it is not delivered, and why. Does not block.</summary>
    /// <param name="reason">A sentence for the sender; the first 128 characters are told.</param>
    public void Reject(string reason) => Answer(Core, ReceiptStatus.NotDelivered, reason);

    /// <summary>Cancelled when the sender no longer waits for the answer.</summary>
    internal CancellationToken CancellationToken => Core.CancellationFor(_version);

    /// <summary>Whether its sender has taken it back: he gave up, and has been told that he does not know what became of it.</summary>
    internal bool IsTakenBack => _core is not null && _core.IsTakenBack(_version);

    /// <summary>Whether it is still in hand, and its sender waits for an answer.</summary>
    internal bool IsUnsettled => _core is not null && _core.IsUnsettled(_version);

    /// <summary>The right to answer, once.</summary>
    internal bool TrySettle() => Core.TrySettle(_version);

    /// <summary>For loops: their body may have disposed the message itself.</summary>
    internal void AcceptUnlessDisposed() => AnswerUnlessDisposed(ReceiptStatus.Accepted, null);

    internal void RejectUnlessDisposed(string reason) => AnswerUnlessDisposed(ReceiptStatus.NotDelivered, reason);

    /// <summary>For messages that nobody else has in hand.</summary>
    internal void AnswerUnlessDisposed(ReceiptStatus status, string? reason)
    {
        if (_core is { } core && core.IsCurrent(_version))
        {
            Answer(core, status, reason);
        }
    }

    private void Answer(MessageCore core, ReceiptStatus status, string? reason)
    {
        Link link = core.Link;
        uint id = core.Id;
        if (core.Kind == MessageKind.Deliver && core.TrySettle(_version))
        {
            link.Answers.SendReceipt(id, status, reason);
            link.Receiving.RemoveActive(core);
        }
    }

    /// <summary>Gives the memory back. The second time is harmless.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Dispose()
    {
        if (_core is { } core && !core.TryGiveBack(_version))
        {
            core.Release(_version, null);
        }
    }

    /// <inheritdoc/>
    public bool Equals(Message other) => _core == other._core && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Message other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_core, _version);

    /// <summary>Whether both are the same message.</summary>
    public static bool operator ==(Message left, Message right) => left.Equals(right);

    /// <summary>Whether they are different messages.</summary>
    public static bool operator !=(Message left, Message right) => !left.Equals(right);
}
