using System.Diagnostics.CodeAnalysis;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <summary>
/// The calls of a link that wait for an answer, by the ids of their messages. One of them may stand apart: its caller, which alone waits
/// here, looks for the reply itself, and nothing is noted of the call that is not needed for that. A thread that needs all of them finds it
/// among them, and from then on it is like any other.
/// </summary>
/// <remarks>Under the link's send lock.</remarks>
internal sealed unsafe class PendingCalls
{
    private readonly Dictionary<uint, LinkOperation> _calls = [];
    private uint _lastId;

    // The call that stands apart. Not completed as long as it does, so that the same operation serves one call after the other.
    private LinkOperation? _apart;
    private LinkOperation? _spare;

    // Its payload, where its caller has it.
    private byte* _payload;
    private int _length;

    public int Count => All.Count;

    /// <summary>Whether a call may stand apart now.</summary>
    public bool HasPlaceApart => _apart is null;

    /// <summary>All, in the order in which their messages were sent.</summary>
    public LinkOperation[] InOrder()
    {
        LinkOperation[] sorted = [.. All.Values];
        Array.Sort(sorted, static (one, other) => (int)(one.Number - other.Number));
        return sorted;
    }

    public bool TryGet(uint id, [NotNullWhen(true)] out LinkOperation? call) => All.TryGetValue(id, out call);

    /// <summary>Keeps a call, under an id that no other has and that is not 0.</summary>
    public uint Add(LinkOperation call)
    {
        Dictionary<uint, LinkOperation> all = All;
        do
        {
            _lastId++;
        }
        while (_lastId == 0 || all.ContainsKey(_lastId));
        all.Add(_lastId, call);
        return _lastId;
    }

    public void Remove(uint id) => All.Remove(id);

    public void Clear() => All.Clear();

    /// <summary>An id for a call that is to stand apart; false where the next one is not to be had.</summary>
    public bool TryTakeId(out uint id)
    {
        id = ++_lastId;
        return id != 0 && (_calls.Count == 0 || !_calls.ContainsKey(id));
    }

    /// <summary>Keeps a call that was sent, apart from the others.</summary>
    /// <param name="link">By which it was sent.</param>
    /// <param name="header">Of its message.</param>
    /// <param name="head">Stands before the payload.</param>
    /// <param name="payload">Stays where it is for as long as the call stands apart.</param>
    /// <param name="length">Of the payload.</param>
    /// <param name="number">Of its message.</param>
    /// <param name="deadline">When its caller gives up.</param>
    public LinkOperation KeepApart(
        Link link, in MessageHeader header, ReadOnlySpan<byte> head, byte* payload, int length, uint number, Deadline deadline)
    {
        LinkOperation call = _spare ??= LinkOperation.Rent(link.Endpoint, isBlocking: true, header, default);
        _payload = payload;
        _length = length;
        call.Resume(link, header, head, number, deadline);
        _apart = call;
        return call;
    }

    /// <summary>Whether this call stands apart.</summary>
    public bool IsApart(LinkOperation call) => _apart == call;

    /// <summary>The call that stands apart is answered.</summary>
    public void TakeApart() => _apart = null;

    /// <summary>No call stands apart any longer: one that did is one of many, with a payload of its own.</summary>
    public void Join()
    {
        if (_apart is { } call)
        {
            _apart = _spare = null;
            call.Copy(new ReadOnlySpan<byte>(_payload, _length));
            _calls.Add(call.Header.Id, call);
        }
    }

    private Dictionary<uint, LinkOperation> All
    {
        get
        {
            Join();
            return _calls;
        }
    }
}
