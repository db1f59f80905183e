using System.Diagnostics.CodeAnalysis;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Credit;

/// <summary>The calls of a link that wait for an answer, by the ids of their messages.</summary>
/// <remarks>
/// One of them may be an inline call: its caller is the only waiter and polls for the reply itself, and only the data needed for that is
/// kept. When a thread needs all calls, the inline call becomes an ordinary one. Under the link's send lock.
/// </remarks>
internal sealed unsafe class PendingCalls
{
    private readonly CallTable _calls = new();
    private uint _lastId;

    // The inline call. It is not completed while it is inline, so one operation serves one call after the other.
    private LinkOperation? _inline;
    private LinkOperation? _spare;

    // The payload of the inline call, in its caller's memory.
    private byte* _payload;
    private int _length;

    public int Count => All.Count;

    /// <summary>Whether there can be an inline call now.</summary>
    public bool HasInlinePlace => _inline is null;

    /// <summary>Returns all calls, in the order in which their messages were sent.</summary>
    public LinkOperation[] InOrder()
    {
        LinkOperation[] sorted = [.. All.Calls];
        Array.Sort(sorted, static (one, other) => (int)(one.Number - other.Number));
        return sorted;
    }

    public bool TryGet(uint id, [NotNullWhen(true)] out LinkOperation? call) => All.TryGet(id, out call);

    /// <summary>Adds a call, under an id that is unique and not 0.</summary>
    public uint Add(LinkOperation call)
    {
        CallTable all = All;
        uint id = TakeId();
        all.Add(id, call);
        return id;
    }

    public void Remove(uint id) => All.Remove(id);

    public void Clear() => All.Clear();

    /// <summary>Takes an id for a call, while there is no inline call.</summary>
    public uint TakeId()
    {
        do
        {
            _lastId++;
        }
        while (!_calls.IsFree(_lastId));
        return _lastId;
    }

    /// <summary>Keeps a sent call as the inline call.</summary>
    /// <param name="link">The link on which it was sent.</param>
    /// <param name="header">The header of its message.</param>
    /// <param name="head">Placed before the payload.</param>
    /// <param name="payload">The payload, which must stay in place while the call is inline.</param>
    /// <param name="length">The length of the payload.</param>
    /// <param name="number">The number of its message.</param>
    /// <param name="deadline">When its caller gives up.</param>
    public LinkOperation KeepInline(
        PeerLink link, in MessageHeader header, ReadOnlySpan<byte> head, byte* payload, int length, uint number, Deadline deadline)
    {
        LinkOperation call = _spare ??= LinkOperation.Rent(link.Endpoint, isBlocking: true, header, default);
        _payload = payload;
        _length = length;
        call.Resume(link, header, head, number, deadline);
        _inline = call;
        return call;
    }

    /// <summary>Returns whether this is the inline call.</summary>
    public bool IsInline(LinkOperation call) => _inline == call;

    /// <summary>Removes the inline call, because it has been answered.</summary>
    public void TakeInline() => _inline = null;

    /// <summary>Turns the inline call into an ordinary one with its own copy of the payload.</summary>
    public void Join()
    {
        if (_inline is { } call)
        {
            _inline = _spare = null;
            call.Copy(new ReadOnlySpan<byte>(_payload, _length));
            _calls.Add(call.Header.Id, call);
        }
    }

    private CallTable All
    {
        get
        {
            Join();
            return _calls;
        }
    }
}
