namespace Fairlead.Cli.Chat;

/// <summary>A client in a room.</summary>
/// <param name="number">Its number in the room.</param>
/// <param name="hub">The hub by which it came.</param>
/// <param name="client">The hub's own handle.</param>
/// <param name="isSilent">Whether it gets only what people say, without greeting and news.</param>
internal sealed class ChatMember(int number, Hub hub, HubClient client, bool isSilent)
{
    public int Number { get; } = number;

    public Hub Hub { get; } = hub;

    public HubClient Client { get; } = client;

    public bool IsSilent { get; } = isSilent;

    public string? Name { get; set; }

    /// <summary>Why it was sent away; null while it is welcome.</summary>
    public string? Farewell { get; set; }

    /// <summary>Number and name, as others see them.</summary>
    public string Label => Name is null ? $"{Number}" : $"{Number} {Name}";
}
