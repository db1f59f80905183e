namespace Fairlead.Rpc.Tests.Contracts;

/// <summary>A type that a constructor makes, and its later form.</summary>
public sealed record OldTicket([property: RpcMember(1)] int Number);

public sealed record NewTicket([property: RpcMember(1)] int Number)
{
    [RpcMember(2)]
    public int Seats { get; init; } = Number + 4;

    [RpcMember(3)]
    public string? Note { get; init; } = "none";
}

[RpcContract(Name = "Fairlead.Tests.Tickets")]
public interface IOldTickets
{
    string Show(OldTicket ticket);
}

[RpcContract(Name = "Fairlead.Tests.Tickets")]
public interface INewTickets
{
    string Show(NewTicket ticket);
}

internal sealed class NewTickets : INewTickets
{
    public string Show(NewTicket ticket) => $"{ticket.Number} {ticket.Seats} {ticket.Note ?? "null"}";
}
