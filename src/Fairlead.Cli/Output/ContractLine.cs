using Fairlead.Rpc;

namespace Fairlead.Cli.Output;

/// <summary>The description of a contract as a line of JSON: <c>describe</c> saves it, and <c>diff</c> reads it.</summary>
internal sealed record ContractLine
{
    public required string Name { get; init; }

    /// <summary>16 hexadecimal digits. It follows from the members, and is not read.</summary>
    public string? Hash { get; init; }

    public required MemberLine[] Members { get; init; }

    /// <summary>The types of the members in C#; null where a file has none.</summary>
    public string[]? Types { get; init; }

    public string? Summary { get; init; }

    public static ContractLine Of(RpcDescription contract) => new()
    {
        Name = contract.Name,
        Hash = InstanceLine.HashOf(contract.Hash),
        Members = [.. contract.Members.Select(MemberLine.Of)],
        Types = [.. contract.Types],
        Summary = contract.Summary,
    };

    /// <exception cref="ArgumentException">It describes no contract.</exception>
    public RpcDescription ToDescription() => new(Name, [.. Members.Select(static member => member.ToMember())], Types, Summary ?? "");
}

/// <summary>A member of a contract.</summary>
internal sealed record MemberLine
{
    public required string Name { get; init; }

    public required string Declaration { get; init; }

    public required string Shape { get; init; }

    public bool OneWay { get; init; }

    public bool Idempotent { get; init; }

    public string? Summary { get; init; }

    public static MemberLine Of(RpcMember member) => new()
    {
        Name = member.Name,
        Declaration = member.Declaration,
        Shape = member.Shape,
        OneWay = (member.Kinds & RpcMemberKinds.OneWay) != 0,
        Idempotent = (member.Kinds & RpcMemberKinds.Idempotent) != 0,
        Summary = member.Summary,
    };

    public RpcMember ToMember() => new(
        Name,
        Declaration,
        Shape,
        (OneWay ? RpcMemberKinds.OneWay : RpcMemberKinds.None) | (Idempotent ? RpcMemberKinds.Idempotent : RpcMemberKinds.None),
        Summary ?? "");
}
