using System.Text.Json;

namespace Fairlead.Patterns.Working;

/// <summary>Items of a work queue as JSON, on the way from a queue to the program that controls it.</summary>
/// <remarks>Both may be of different versions: what is unknown is skipped, what is absent has its default.</remarks>
internal static class WorkQueueItemJson
{
    public static void Write(Utf8JsonWriter json, WorkQueueItem item)
    {
        json.WriteStartObject();
        json.WriteNumber("number", item.Number);
        json.WriteNumber("state", (int)item.State);
        json.WriteNumber("priority", item.Priority);
        json.WriteNumber("deliveries", item.Deliveries);
        json.WriteNumber("length", item.Length);
        json.WriteBase64String("beginning", item.Beginning.Span);
        json.WriteBoolean("wantsReceipt", item.WantsReceipt);
        if (item.Due is { } due)
        {
            json.WriteNumber("due", due.ToUnixTimeMilliseconds());
        }

        if (item.Reason is { } reason)
        {
            json.WriteString("reason", reason);
        }

        Write(json, "sender", item.Sender);
        Write(json, "worker", item.Worker);
        json.WriteEndObject();
    }

    /// <exception cref="JsonException">It is no list of items.</exception>
    public static List<WorkQueueItem> Read(ReadOnlyMemory<byte> bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        try
        {
            return [.. document.RootElement.EnumerateArray().Select(Read)];
        }
        catch (Exception wrong) when (wrong is InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new JsonException("It is no list of items.", wrong);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, Peer? peer)
    {
        if (peer is null)
        {
            return;
        }

        json.WriteStartObject(name);
        if (peer.ProcessId is { } process)
        {
            json.WriteNumber("process", process);
        }

        if (peer.UserId is { } user)
        {
            json.WriteNumber("user", user);
        }

        json.WriteString("program", peer.Program);
        json.WriteString("address", peer.RemoteAddress);
        json.WriteEndObject();
    }

    private static WorkQueueItem Read(JsonElement json) => new()
    {
        Number = json.GetProperty("number").GetInt64(),
        State = (WorkItemState)json.GetProperty("state").GetInt32(),
        Priority = json.GetProperty("priority").GetByte(),
        Deliveries = json.GetProperty("deliveries").GetInt32(),
        Length = json.GetProperty("length").GetInt32(),
        Beginning = json.GetProperty("beginning").GetBytesFromBase64(),
        WantsReceipt = json.GetProperty("wantsReceipt").GetBoolean(),
        Due = json.TryGetProperty("due", out JsonElement due) ? DateTimeOffset.FromUnixTimeMilliseconds(due.GetInt64()) : null,
        Reason = json.TryGetProperty("reason", out JsonElement reason) ? reason.GetString() : null,
        Sender = ReadPeer(json, "sender"),
        Worker = ReadPeer(json, "worker"),
    };

    private static Peer? ReadPeer(JsonElement item, string name) => item.TryGetProperty(name, out JsonElement json)
        ? new Peer
        {
            ProcessId = json.TryGetProperty("process", out JsonElement process) ? process.GetInt32() : null,
            UserId = json.TryGetProperty("user", out JsonElement user) ? user.GetUInt32() : null,
            Program = json.GetProperty("program").GetString(),
            RemoteAddress = json.GetProperty("address").GetString(),
        }
        : null;
}
