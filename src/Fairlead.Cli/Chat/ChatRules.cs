namespace Fairlead.Cli.Chat;

/// <summary>How a room was set up.</summary>
/// <param name="MostClients">One client more is refused.</param>
/// <param name="IsStar">Clients talk with the operator alone.</param>
internal sealed record ChatRules(int MostClients, bool IsStar);
