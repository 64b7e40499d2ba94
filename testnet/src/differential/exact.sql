-- Figures of floats without a float's error, under the names of PostgreSQL's own: this schema stands first in the path, and
-- of two functions with the same arguments the first is taken. A float's shortest text is the number that was meant.
CREATE SCHEMA exact;
SET search_path = exact, pg_catalog;
CREATE FUNCTION meant(double precision) RETURNS numeric IMMUTABLE STRICT LANGUAGE sql
    AS 'SELECT $1::text::numeric';
-- n, sum x, sum y, sum xx, sum yy, sum xy; y comes first, as in PostgreSQL.
CREATE FUNCTION add_pair(numeric[], double precision, double precision) RETURNS numeric[] IMMUTABLE STRICT LANGUAGE plpgsql
    AS 'DECLARE y numeric := exact.meant($2); x numeric := exact.meant($3);
        BEGIN RETURN ARRAY[$1[1] + 1, $1[2] + x, $1[3] + y, $1[4] + x * x, $1[5] + y * y, $1[6] + x * y]; END';
CREATE FUNCTION add_one(numeric[], double precision) RETURNS numeric[] IMMUTABLE STRICT LANGUAGE plpgsql
    AS 'DECLARE x numeric := exact.meant($2); BEGIN RETURN ARRAY[$1[1] + 1, $1[2] + x, $1[3] + x * x]; END';
-- n times the sums of squares and products about the means.
CREATE FUNCTION sxx(s numeric[]) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT s[1] * s[4] - s[2] * s[2]';
CREATE FUNCTION syy(s numeric[]) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT s[1] * s[5] - s[3] * s[3]';
CREATE FUNCTION sxy(s numeric[]) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT s[1] * s[6] - s[2] * s[3]';
-- A quotient to 60 digits, so that a small one keeps its own.
CREATE FUNCTION quotient(a numeric, b numeric) RETURNS double precision IMMUTABLE LANGUAGE sql
    AS 'SELECT (a::numeric(1000, 60) / nullif(b, 0))::double precision';
CREATE FUNCTION covar_pop_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql
    AS 'SELECT exact.quotient(exact.sxy(s), s[1] * s[1])';
CREATE FUNCTION covar_samp_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql
    AS 'SELECT exact.quotient(exact.sxy(s), s[1] * (s[1] - 1))';
CREATE FUNCTION corr_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql
    AS 'SELECT exact.quotient(exact.sxy(s), sqrt((exact.sxx(s) * exact.syy(s))::numeric(1000, 60)))';
CREATE FUNCTION slope_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql
    AS 'SELECT exact.quotient(exact.sxy(s), exact.sxx(s))';
CREATE FUNCTION intercept_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql
    AS 'SELECT exact.quotient(s[3] * s[4] - s[2] * s[6], exact.sxx(s))';
CREATE FUNCTION r2_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql
    AS 'SELECT CASE WHEN exact.sxx(s) <> 0 AND exact.syy(s) = 0 THEN 1
        ELSE exact.quotient(exact.sxy(s) * exact.sxy(s), exact.sxx(s) * exact.syy(s)) END';
CREATE FUNCTION avgx_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql AS 'SELECT exact.quotient(s[2], s[1])';
CREATE FUNCTION avgy_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql AS 'SELECT exact.quotient(s[3], s[1])';
CREATE FUNCTION sxx_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql AS 'SELECT exact.quotient(exact.sxx(s), s[1])';
CREATE FUNCTION syy_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql AS 'SELECT exact.quotient(exact.syy(s), s[1])';
CREATE FUNCTION sxy_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql AS 'SELECT exact.quotient(exact.sxy(s), s[1])';
CREATE FUNCTION sum_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql
    AS 'SELECT CASE WHEN s[1] > 0 THEN s[2]::double precision END';
CREATE FUNCTION avg_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql AS 'SELECT exact.quotient(s[2], s[1])';
CREATE FUNCTION var_pop_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql
    AS 'SELECT exact.quotient(s[1] * s[3] - s[2] * s[2], s[1] * s[1])';
CREATE FUNCTION var_samp_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql
    AS 'SELECT exact.quotient(s[1] * s[3] - s[2] * s[2], s[1] * (s[1] - 1))';
CREATE FUNCTION stddev_pop_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql AS 'SELECT sqrt(exact.var_pop_of(s))';
CREATE FUNCTION stddev_samp_of(s numeric[]) RETURNS double precision IMMUTABLE LANGUAGE sql AS 'SELECT sqrt(exact.var_samp_of(s))';
-- Halves away from zero, as the language has it; PostgreSQL rounds floats half to even.
CREATE FUNCTION round(double precision) RETURNS double precision IMMUTABLE STRICT LANGUAGE sql
    AS 'SELECT pg_catalog.round(exact.meant($1))::double precision';
CREATE AGGREGATE covar_pop(double precision, double precision) (SFUNC = add_pair, STYPE = numeric[], INITCOND = '{0,0,0,0,0,0}', FINALFUNC = covar_pop_of);
CREATE AGGREGATE covar_samp(double precision, double precision) (SFUNC = add_pair, STYPE = numeric[], INITCOND = '{0,0,0,0,0,0}', FINALFUNC = covar_samp_of);
CREATE AGGREGATE corr(double precision, double precision) (SFUNC = add_pair, STYPE = numeric[], INITCOND = '{0,0,0,0,0,0}', FINALFUNC = corr_of);
CREATE AGGREGATE regr_slope(double precision, double precision) (SFUNC = add_pair, STYPE = numeric[], INITCOND = '{0,0,0,0,0,0}', FINALFUNC = slope_of);
CREATE AGGREGATE regr_intercept(double precision, double precision) (SFUNC = add_pair, STYPE = numeric[], INITCOND = '{0,0,0,0,0,0}', FINALFUNC = intercept_of);
CREATE AGGREGATE regr_r2(double precision, double precision) (SFUNC = add_pair, STYPE = numeric[], INITCOND = '{0,0,0,0,0,0}', FINALFUNC = r2_of);
CREATE AGGREGATE regr_avgx(double precision, double precision) (SFUNC = add_pair, STYPE = numeric[], INITCOND = '{0,0,0,0,0,0}', FINALFUNC = avgx_of);
CREATE AGGREGATE regr_avgy(double precision, double precision) (SFUNC = add_pair, STYPE = numeric[], INITCOND = '{0,0,0,0,0,0}', FINALFUNC = avgy_of);
CREATE AGGREGATE regr_sxx(double precision, double precision) (SFUNC = add_pair, STYPE = numeric[], INITCOND = '{0,0,0,0,0,0}', FINALFUNC = sxx_of);
CREATE AGGREGATE regr_syy(double precision, double precision) (SFUNC = add_pair, STYPE = numeric[], INITCOND = '{0,0,0,0,0,0}', FINALFUNC = syy_of);
CREATE AGGREGATE regr_sxy(double precision, double precision) (SFUNC = add_pair, STYPE = numeric[], INITCOND = '{0,0,0,0,0,0}', FINALFUNC = sxy_of);
CREATE AGGREGATE sum(double precision) (SFUNC = add_one, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = sum_of);
CREATE AGGREGATE avg(double precision) (SFUNC = add_one, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = avg_of);
CREATE AGGREGATE var_pop(double precision) (SFUNC = add_one, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = var_pop_of);
CREATE AGGREGATE var_samp(double precision) (SFUNC = add_one, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = var_samp_of);
CREATE AGGREGATE variance(double precision) (SFUNC = add_one, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = var_samp_of);
CREATE AGGREGATE stddev(double precision) (SFUNC = add_one, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = stddev_samp_of);
CREATE AGGREGATE stddev_samp(double precision) (SFUNC = add_one, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = stddev_samp_of);
CREATE AGGREGATE stddev_pop(double precision) (SFUNC = add_one, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = stddev_pop_of);
-- The mean of decimals has four digits more than they have, cut off, as the language has it; PostgreSQL's own has as many as
-- it likes, and what is computed from it differs. A schema of its own, because a fraction that a text writes is a decimal to
-- PostgreSQL and a float to the language. Whole numbers have floats for means and keep every digit here.
CREATE SCHEMA cut_off;
SET search_path = cut_off, exact, pg_catalog;
CREATE FUNCTION add_decimal(numeric[], numeric) RETURNS numeric[] IMMUTABLE STRICT LANGUAGE sql
    AS 'SELECT ARRAY[$1[1] + 1, $1[2] + $2, greatest($1[3], scale($2))]';
CREATE FUNCTION decimal_avg_of(s numeric[]) RETURNS numeric IMMUTABLE LANGUAGE sql
    AS 'SELECT CASE WHEN s[3] = 0 THEN s[2] / nullif(s[1], 0) ELSE trunc(s[2] / nullif(s[1], 0), s[3]::int + 4) END';
CREATE AGGREGATE avg(numeric) (SFUNC = add_decimal, STYPE = numeric[], INITCOND = '{0,0,0}', FINALFUNC = decimal_avg_of);
