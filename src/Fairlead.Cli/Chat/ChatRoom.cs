using System.Globalization;
using System.Text;

namespace Fairlead.Cli.Chat;

/// <summary>
/// The rules of a room: the number of each client, and where a line goes. No send waits, so one lock serves the hubs' threads and the
/// operator.
/// </summary>
/// <param name="rules">How it was set up.</param>
/// <param name="show">Shows the operator a line, without waiting.</param>
internal sealed class ChatRoom(ChatRules rules, Action<string> show)
{
    /// <summary>Begins the text that a client gets when the room sends it away.</summary>
    public const string SentAway = "the room sent this client away";

    // A greeting names so many of the others; /who lists all.
    private const int MostNames = 20;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, ChatMember> _members = [];
    private readonly Dictionary<HubClient, ChatMember> _byClient = [];
    private int _lastNumber;
    private bool _isClosed;

    /// <summary>A client has connected. One too many is told so and sent away.</summary>
    public void Join(Hub hub, HubClient client, bool isSilent)
    {
        lock (_gate)
        {
            if (_members.Count >= rules.MostClients)
            {
                Refuse(hub, client);
                return;
            }

            var member = new ChatMember(++_lastNumber, hub, client, isSilent);
            if (!isSilent)
            {
                Tell(member, $"* you are client {member.Number}; {Others(_members.Count)}{Names()}");
            }

            _members.Add(member.Number, member);
            _byClient.Add(client, member);
            Announce($"* client {member.Label} joined", except: member);
        }
    }

    /// <summary>A client has said a line.</summary>
    public void Hear(HubClient client, string line)
    {
        lock (_gate)
        {
            // A C program may send empty lines, or NULs alone.
            if (line.Length > 0 && _byClient.TryGetValue(client, out var member) && member.Farewell is null)
            {
                Obey(member, line);
            }
        }
    }

    /// <summary>A client has disconnected.</summary>
    public void Leave(HubClient client, CloseReason reason)
    {
        lock (_gate)
        {
            if (_byClient.Remove(client, out var member))
            {
                _members.Remove(member.Number);
                Announce($"* client {member.Label} left{Why(member, reason)}", except: null);
            }
        }
    }

    /// <summary>The operator has typed a line. Returns false when the room is to close.</summary>
    public bool Type(string typed)
    {
        lock (_gate)
        {
            var line = ChatLine.Parse(typed);
            switch (line.Verb)
            {
                case ChatVerb.Leave:
                    return false;
                case ChatVerb.Who:
                    foreach (var text in Who())
                    {
                        show(text);
                    }

                    break;
                case ChatVerb.Name:
                    show($"* you are {ChatName.Server} here, to everybody");
                    break;
                case ChatVerb.Unknown:
                    show(Unknown(line));
                    break;
                case ChatVerb.Tell when Find(line.Target) is { } member:
                    Tell(member, member.IsSilent ? line.Text : $"{ChatName.Server} to you: {line.Text}");
                    break;
                case ChatVerb.Tell:
                    show(Absent(line));
                    break;
                case ChatVerb.Say when line.Text.Length > 0:
                    SendToAll($"{ChatName.Server}: {line.Text}", line.Text, except: null);
                    break;
            }

            return true;
        }
    }

    /// <summary>Tells everybody that the room closes. The operator still reads what clients say; nothing is sent afterwards.</summary>
    public void Close()
    {
        lock (_gate)
        {
            SendToAll("* the room closes", silently: null, except: null);
            _isClosed = true;
        }
    }

    private void Obey(ChatMember member, string said)
    {
        var line = ChatLine.Parse(said);
        switch (line.Verb)
        {
            case ChatVerb.Leave:
                SendAway(member, "");
                break;
            case ChatVerb.Who when rules.IsStar:
                Tell(member, $"* you are client {member.Label}; here clients talk with the server alone");
                break;
            case ChatVerb.Who:
                foreach (var text in Who())
                {
                    Tell(member, text);
                }

                break;
            case ChatVerb.Name:
                Rename(member, line.Text);
                break;
            case ChatVerb.Unknown when !member.IsSilent:
                Tell(member, Unknown(line));
                break;
            case ChatVerb.Tell when !rules.IsStar:
                PassOn(member, line);
                break;
            default:
                // In a star the operator reads the whole line, whatever stands before it.
                SayToAll(member, rules.IsStar || line.Verb != ChatVerb.Say ? said : line.Text);
                break;
        }
    }

    private void SayToAll(ChatMember member, string text)
    {
        show($"{member.Label}: {text}");
        if (!rules.IsStar)
        {
            SendToAll($"{member.Label}: {text}", $"{member.Label}: {text}", member);
        }
    }

    private void PassOn(ChatMember member, ChatLine line)
    {
        if (line.Target.Equals(ChatName.Server, StringComparison.OrdinalIgnoreCase) || line.Target == "0")
        {
            show($"{member.Label} to you: {line.Text}");
        }
        else if (Find(line.Target) is { } other)
        {
            Tell(other, other.IsSilent ? $"{member.Label}: {line.Text}" : $"{member.Label} to you: {line.Text}");
        }
        else
        {
            Tell(member, Absent(line));
        }
    }

    private void Rename(ChatMember member, string name)
    {
        if (!ChatName.IsValid(name))
        {
            Tell(member, $"* a name is {ChatName.Allowed}");
        }
        else if (Find(name) is { } other && other != member)
        {
            Tell(member, $"* client {other.Number} is called {other.Name} already; choose another name");
        }
        else
        {
            var before = member.Label;
            member.Name = name;
            Announce($"* client {before} is now {name}", except: member);
            Tell(member, $"* you are client {member.Label}");
        }
    }

    private IEnumerable<string> Who()
    {
        yield return $"* {ChatName.Server}: {Others(_members.Count)}";
        foreach (var member in _members.Values)
        {
            var peer = member.Client.Peer;
            yield return $"* client {member.Label} ({(peer.ProcessId is { } id ? $"pid {id}" : peer.ToString())})";
        }
    }

    /// <summary>
    /// The numbers and names of the members, for the greeting of another one. In a star, clients do not know of each other.
    /// </summary>
    private string Names()
    {
        if (rules.IsStar || _members.Count == 0)
        {
            return "";
        }

        var more = _members.Count > MostNames ? $" and {_members.Count - MostNames} more" : "";
        return $": {string.Join(", ", _members.Values.Take(MostNames).Select(static member => member.Label))}{more}";
    }

    private ChatMember? Find(string target) =>
        int.TryParse(target, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? _members.GetValueOrDefault(number)
            : _members.Values.FirstOrDefault(member => target.Equals(member.Name, StringComparison.OrdinalIgnoreCase));

    /// <summary>To the operator and, unless the room is a star, to all clients who expect more than what is said.</summary>
    private void Announce(string text, ChatMember? except)
    {
        show(text);
        if (!rules.IsStar)
        {
            SendToAll(text, silently: null, except);
        }
    }

    private void SendToAll(string text, string? silently, ChatMember? except)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var silentBytes = silently is null ? null : Encoding.UTF8.GetBytes(silently);
        foreach (var member in _members.Values)
        {
            if (member != except && (member.IsSilent ? silentBytes : bytes) is { } line)
            {
                Send(member, line);
            }
        }
    }

    private void Tell(ChatMember member, string text) => Send(member, Encoding.UTF8.GetBytes(text));

    /// <summary>Does not wait: the room sends a client away whose queue is full. The others go on.</summary>
    private void Send(ChatMember member, byte[] line)
    {
        if (member.Farewell is not null || _isClosed)
        {
            return;
        }

        switch (TrySend(member.Hub, member.Client, line))
        {
            case SendResult.Full:
                SendAway(member, "it read too slowly, and its queue was full");
                break;
            case null:
                Miss(member, line);
                break;
        }
    }

    /// <summary>
    /// A client misses a line that is longer than it accepts, and stays: otherwise one client could send the others away, as by a text
    /// that fills a block and gets the number of its speaker before it.
    /// </summary>
    private void Miss(ChatMember member, byte[] line)
    {
        show($"* client {member.Label} did not get a line of {line.Length} bytes: it accepts only shorter lines");
        if (!member.IsSilent)
        {
            TrySend(member.Hub, member.Client, Encoding.UTF8.GetBytes($"* you did not get a line of {line.Length} bytes"));
        }
    }

    /// <summary>Sends without waiting; null if the line is longer than the client accepts.</summary>
    private static SendResult? TrySend(Hub hub, HubClient client, byte[] line)
    {
        try
        {
            return hub.TrySend(client, line);
        }
        catch (FairleadException exception) when (exception.Code == ErrorCode.TooLarge)
        {
            return null;
        }
    }

    private void SendAway(ChatMember member, string why)
    {
        member.Farewell = why;
        if (_isClosed)
        {
            return;
        }

        member.Hub.Disconnect(member.Client, why.Length == 0 ? "good bye" : $"{SentAway}: {why}");
    }

    private void Refuse(Hub hub, HubClient client)
    {
        if (_isClosed)
        {
            return;
        }

        var why = $"the room is full: {rules.MostClients} clients are here. Try again later.";
        TrySend(hub, client, Encoding.UTF8.GetBytes($"* {why}"));
        hub.Disconnect(client, why);
        show($"* refused {client.Peer}: the room is full");
    }

    private static string Why(ChatMember member, CloseReason reason) => (member.Farewell, reason) switch
    {
        ({ Length: > 0 } why, _) => $": {why}",
        ("", _) or (_, CloseReason.ClosedByPeer) => "",
        (_, CloseReason.PeerDied) => ": it died",
        (_, CloseReason.Heartbeat) => ": it was silent for too long",
        (_, CloseReason.Limit) => ": its line was too long",
        _ => $" ({reason})",
    };

    private static string Unknown(ChatLine line) =>
        $"* the room does not know {line.Target}; it knows /who, /name NAME and /quit, and @2 TEXT goes to client 2 alone";

    private static string Absent(ChatLine line) => $"* client {line.Target} is not here; list the clients with /who";

    private static string Others(int count) => count switch
    {
        0 => "nobody else is here",
        1 => "1 client is here",
        _ => $"{count} clients are here",
    };
}
