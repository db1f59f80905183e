using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>The outcomes of messages whose links are over, and of those that had no link. Under the endpoint's gate.</summary>
internal struct PastDeliveries
{
    private long _sent;
    private long _acknowledged;
    private long _notDelivered;
    private long _inDoubt;

    /// <summary>The report for the user, when all links are over.</summary>
    public readonly CloseReport Report => new(_sent, _acknowledged, _notDelivered, _inDoubt);

    /// <summary>Adds the messages of a link that is over.</summary>
    public void Add(LinkEnd end)
    {
        _sent += end.Sent + end.Unsent;
        _acknowledged += end.Acknowledged;
        _notDelivered += end.Unsent + (end.IsExact ? end.Sent - end.Acknowledged : 0);
        _inDoubt += end.InDoubt;
    }

    /// <summary>Adds a message that was taken from its sender but will not be delivered.</summary>
    public void AddUndelivered()
    {
        _sent++;
        _notDelivered++;
    }
}
