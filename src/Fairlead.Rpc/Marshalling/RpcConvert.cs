using System.ComponentModel;

namespace Fairlead.Rpc;

/// <summary>Calls the converters of a contract. Generated code uses it.</summary>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public static class RpcConvert
{
    /// <summary>Converts a value that is sent.</summary>
    /// <typeparam name="TConverter">The converter.</typeparam>
    /// <typeparam name="T">The type in the contract.</typeparam>
    /// <typeparam name="TParts">The type that travels.</typeparam>
    public static TParts ToParts<TConverter, T, TParts>(T value)
        where TConverter : IRpcConverter<T, TParts> => TConverter.ToParts(value);

    /// <summary>Converts a value that has come.</summary>
    /// <inheritdoc cref="ToParts" path="/typeparam"/>
    public static T FromParts<TConverter, T, TParts>(TParts parts)
        where TConverter : IRpcConverter<T, TParts>
    {
        T value;
        try
        {
            value = TConverter.FromParts(parts);
        }
        catch (Exception exception)
        {
            // The other side may see the text: not what the exception says.
            throw new RpcFormatException(
                $"{typeof(TConverter).Name} does not make a {typeof(T).Name} of what has come: {exception.GetType().Name}", exception)
            {
                IsOfValue = true,
            };
        }

        return value ?? throw RpcReader.Refused($"{typeof(TConverter).Name} makes null of what has come");
    }
}
