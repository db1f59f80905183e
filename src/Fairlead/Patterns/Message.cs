using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Diagnostics;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead;

/// <summary>A received message: a lease on the memory in which it arrived. Dispose it to return the memory.</summary>
/// <remarks>
/// <para>After disposal every member throws <see cref="ObjectDisposedException"/>. Copies of this value are the same message.</para>
/// <para>
/// A type 2 message (<see cref="WantsReceipt"/>) is accepted by <see cref="Accept"/>, when a receive loop asks for the next message, or
/// when a handler returns. If it is disposed without that, the sender gets <see cref="DeliveryStatus.NotDelivered"/>.
/// </para>
/// </remarks>
public readonly partial struct Message : IDisposable, IEquatable<Message>
{
    private readonly MessageCore? _core;
    private readonly int _version;

    internal Message(MessageCore core)
    {
        _core = core;
        _version = core.Version;
        core.NoteTaken();
    }

    /// <summary>The payload in the memory where it arrived. Valid until <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Core.PayloadSpan;
    }

    /// <summary>The payload in the memory where it arrived. Valid until <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory => Core.Payload;

    /// <summary>The length of the payload in bytes.</summary>
    public int Length => Core.Length;

    /// <summary>The payload decoded as UTF-8. Each call creates a new string.</summary>
    public string Text => Encoding.UTF8.GetString(Span);

    /// <summary>The peer that sent it.</summary>
    public Peer Peer => Core.Peer;

    /// <summary>The topic of a published message; otherwise empty.</summary>
    public string Topic =>
        HeadReader.TryGet(Core.Head, HeadField.Topic, out ReadOnlySpan<byte> topic) ? TopicNames.Of(topic) : "";

    /// <summary>The number of messages dropped before this one because this end was too slow.</summary>
    public long Missed =>
        HeadReader.TryGet(Core.Head, HeadField.Missed, out ulong missed) ? (long)Math.Min(missed, MissedMessages.Most) : 0;

    /// <summary>Whether another receiver had this message before and did not accept it.</summary>
    public bool Redelivered => (Core.Header.Flags & MessageFlags.Redelivered) != 0;

    /// <summary>The place of the message among all that its publisher has stored; null if it stores none.</summary>
    public PublishedPosition? Position =>
        HeadReader.TryGet(Core.Head, HeadField.Position, out ReadOnlySpan<byte> position) ? PublishedPosition.Read(position) : null;

    /// <summary>How many times a work queue has delivered this message before.</summary>
    public int Deliveries => HeadReader.TryGet(Core.Head, HeadField.Deliveries, out ulong count) ? (int)Math.Min(count, int.MaxValue) : 0;

    /// <summary>The sender's trace context, as a remote parent for local spans; the default when there is none.</summary>
    public ActivityContext TraceContext => Tracing.Read(Core.Head);

    /// <summary>Whether the sender waits for a receipt.</summary>
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
    /// <exception cref="JsonException">The payload is not valid JSON for this type.</exception>
    public T? Read<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Span, type);

    /// <summary>Reads the payload with a serializer.</summary>
    public T Read<T>(IMessageSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        return serializer.Deserialize(Span);
    }

    /// <summary>Returns a reference to the unmanaged value in the payload. Valid until <see cref="Dispose"/>.</summary>
    /// <remarks><see cref="StructMessageExtensions"/> sends such values.</remarks>
    /// <exception cref="FairleadException">
    /// Incompatible: the message holds a value of another layout, which the error names, or no value at all.
    /// </exception>
    public ref readonly T Value<[DynamicallyAccessedMembers(LayoutFingerprint.Fields)] T>()
        where T : unmanaged
    {
        MessageCore core = Core;
        return ref LayoutMark.Read<T>(core.PayloadSpan, core.PeerLink);
    }

    /// <summary>Tells the sender of a type 2 message that the message is delivered. Does not block.</summary>
    /// <remarks>Only the first answer counts. Has no effect on other messages.</remarks>
    public void Accept() => Answer(Core, ReceiptStatus.Accepted, null);

    /// <summary>Tells the sender of a type 2 message that the message is not delivered, and why. Does not block.</summary>
    /// <param name="reason">A sentence for the sender, of which the first 128 characters are sent.</param>
    public void Reject(string reason) => Answer(Core, ReceiptStatus.NotDelivered, reason);

    /// <summary>Cancelled when the sender no longer waits for the answer.</summary>
    internal CancellationToken CancellationToken => Core.CancellationFor(_version);

    /// <summary>Whether the sender has withdrawn the message: its call ended with an unknown outcome.</summary>
    internal bool IsTakenBack => _core is not null && _core.IsTakenBack(_version);

    /// <summary>Whether the message is still in the user's hands and its sender waits for an answer.</summary>
    internal bool IsUnsettled => _core is not null && _core.IsUnsettled(_version);

    /// <summary>Claims the right to answer. Succeeds once.</summary>
    internal bool TrySettle() => Core.TrySettle(_version);

    /// <summary>Accepts the message for a loop whose body may have disposed it.</summary>
    internal void AcceptUnlessDisposed() => AnswerUnlessDisposed(ReceiptStatus.Accepted, null);

    internal void RejectUnlessDisposed(string reason) => AnswerUnlessDisposed(ReceiptStatus.NotDelivered, reason);

    /// <summary>Answers a message that no other thread uses.</summary>
    internal void AnswerUnlessDisposed(ReceiptStatus status, string? reason)
    {
        if (_core is { } core && core.IsCurrent(_version))
        {
            Answer(core, status, reason);
        }
    }

    private void Answer(MessageCore core, ReceiptStatus status, string? reason)
    {
        Link link = Link.Of(core.PeerLink);
        AnswerRecord? record = core.Record;
        uint id = core.Id;
        if (core.Kind != MessageKind.Deliver || !core.TrySettle(_version))
        {
            return;
        }

        if (record is not null)
        {
            record.SetReceipt(status, reason);
            return;
        }

        link.Answers.SendReceipt(id, status, reason);
        link.LinkReceiver.RemoveActive(core);
    }

    /// <summary>Returns the memory. A second call has no effect.</summary>
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

    /// <summary>Returns whether both are the same message.</summary>
    public static bool operator ==(Message left, Message right) => left.Equals(right);

    /// <summary>Returns whether they are different messages.</summary>
    public static bool operator !=(Message left, Message right) => !left.Equals(right);
}
