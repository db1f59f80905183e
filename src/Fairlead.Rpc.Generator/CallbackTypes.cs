using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>The contracts that members take as parameters, in C#, each with the types of its members: for a description.</summary>
/// <remarks>The file of each of these contracts reports what is wrong with it.</remarks>
internal sealed class CallbackTypes
{
    private readonly HashSet<ISymbol> _seen = new(SymbolEqualityComparer.Default);
    private readonly HashSet<string> _known;
    private readonly List<string> _declarations = [];

    private CallbackTypes(IEnumerable<string> known) => _known = new HashSet<string>(known, StringComparer.Ordinal);

    /// <summary>Declares the contracts, and those of their types that are not among the known ones.</summary>
    /// <param name="members">The members that take the contracts.</param>
    /// <param name="known">The declarations that the description has already.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<Member> members, IEnumerable<string> known)
    {
        CallbackTypes types = new(known);
        types.Add(members);
        return types._declarations;
    }

    private void Add(IReadOnlyList<Member> members)
    {
        foreach (IParameterSymbol parameter in members.SelectMany(static one => one.Parameters))
        {
            if (Member.ReportOf(parameter.Type) is { } report)
            {
                Declare(TypeDeclaration.OfProgress(report));
            }

            // By its definition, as a parameter may be nullable.
            if (Member.IsContract(parameter.Type) && _seen.Add(parameter.Type.OriginalDefinition))
            {
                Add((INamedTypeSymbol)parameter.Type.OriginalDefinition);
            }
        }
    }

    private void Add(INamedTypeSymbol contract)
    {
        List<Member> members = ContractReader.Members(contract, [], CancellationToken.None);
        Declare(TypeDeclaration.OfContract(contract, members));
        Marshalling marshalling = new([], Converters.Of(contract), SerializerChoice.Of(contract));
        foreach (Member member in members)
        {
            foreach (IParameterSymbol parameter in member.Parameters
                .Where(static one => !Member.IsContract(one.Type) && !Member.IsByteStream(one.Type)))
            {
                ITypeSymbol type = Member.ItemOf(parameter.Type) ?? Member.ReportOf(parameter.Type) ?? parameter.Type;
                _ = marshalling.Read(type, "reader", parameter);
            }

            if (member.Result is not null && !member.ReturnsBytes)
            {
                _ = marshalling.Read(member.Result, "reader", member.Method);
            }
        }

        foreach (string declaration in marshalling.Declarations)
        {
            Declare(declaration);
        }

        Add(members);
    }

    private void Declare(string declaration)
    {
        if (_known.Add(declaration))
        {
            _declarations.Add(declaration);
        }
    }
}
