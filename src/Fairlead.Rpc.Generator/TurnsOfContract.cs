using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>Which calls of a contract run at the same time: the strictest attribute of it and of the interfaces that it extends.</summary>
internal static class TurnsOfContract
{
    private const string Serial = "Serial";
    private const string Ordered = "Ordered";

    /// <summary>Returns the name of the value; null: no attribute limits the calls.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="findings">Gets an attribute that another one makes meaningless.</param>
    public static string? Of(INamedTypeSymbol contract, List<Finding> findings)
    {
        bool isOrdered = Has(contract, Ordered);
        if (Has(contract, Serial))
        {
            if (isOrdered)
            {
                Report(contract, contract, findings);
            }

            return Serial;
        }

        if (contract.AllInterfaces.FirstOrDefault(static one => Has(one, Serial)) is { } serial)
        {
            if (isOrdered)
            {
                Report(contract, serial, findings);
            }

            return Serial;
        }

        return isOrdered || contract.AllInterfaces.Any(static one => Has(one, Ordered)) ? Ordered : null;
    }

    private static void Report(INamedTypeSymbol contract, INamedTypeSymbol serial, List<Finding> findings) =>
        findings.Add(Finding.At(contract, Diagnostics.MeaninglessOrder, contract.Name, serial.Name));

    private static bool Has(INamedTypeSymbol type, string attribute) => type
        .GetAttributes()
        .Any(found => found.AttributeClass?.ToDisplayString() == $"Fairlead.Rpc.{attribute}Attribute");
}
