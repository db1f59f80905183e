using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>What the parts of the link report, and to whom it concerns.</content>
internal sealed partial class Link
{
    int IReceiverOwner.MessagesWanted => _host.MessagesWanted;

    void IOutputOwner.OnDeferred(bool isDeferred) => _host.NoteDeferred(this, isDeferred);

    void IOutputOwner.OnStuck() => Pause.UpdateInterest();

    void IOutputOwner.OnUnblocked()
    {
        if (Receiving.Inbound.IsHeadTold)
        {
            _endpoint.HandOutAgain();
        }
    }

    void IOutputOwner.OnWrittenOut()
    {
        if (IsLingering)
        {
            _connection.Abort();
        }

        Pause.NoteWrittenOut();
    }

    void ISenderOwner.EndIfDue()
    {
        CloseIfDue();
        EndSendingIfDue();
    }

    void ISenderOwner.Move() => _host.Move(this);

    void IReadPauseOwner.SetInterest(PollEvents interest) => _host.SetInterest(this, interest);

    bool IReadPauseOwner.HasMessagesBeside() => _host.HasMessagesBeside(this);

    void IReceiverOwner.Shake(in MessageHeader header, ReadOnlySpan<byte> body, Completions completions) =>
        Shake(header, body, completions);

    void IReceiverOwner.Publish(Completions completions) => _host.Publish(this, completions);

    bool IReceiverOwner.TryDrop(uint id, out MessageKind kind) => _host.TryDrop(this, id, out kind);

    void IReceiverOwner.OnCredit() => _host.OnCredit(this);

    bool IReceiverOwner.TrySubscribe(uint id, string topic, bool subscribes, out string? refusal) =>
        _host.TrySubscribe(this, id, topic, subscribes, out refusal);

    void IReceiverOwner.OnClose(in Incoming message, Completions completions) => OnClose(message, completions);

    void IReceiverOwner.OnEnd(bool isOrderly, Completions completions) => OnEnd(isOrderly, completions);

    void IReceiverOwner.ServeLater() => _host.ServeLater(this);
}
